"""Whether the gateway should get traffic: named conditions, and whether it is draining."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

STARTING = "starting"


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must hold; `reason` is empty while it does."""

    reason: str = ""

    @property
    def ready(self) -> bool:
        """Whether it holds."""
        return not self.reason


class Readiness:
    """Ready when every condition holds and no shutdown has begun.

    Each of `names` is not ready until it is set. It says nothing about liveness: a process
    that waits for its issuer must not be restarted for that.
    """

    def __init__(self, *names: str) -> None:
        self.draining = False
        self._set: dict[str, Condition] = {name: Condition(STARTING) for name in names}
        self._watched: dict[str, Callable[[], str]] = {}

    def set_ready(self, name: str) -> None:
        """Note that a condition holds."""
        self._set[name] = Condition()

    def set_not_ready(self, name: str, reason: str) -> None:
        """Note that a condition does not hold, and why."""
        self._set[name] = Condition(reason)

    def watch(self, name: str, reason: Callable[[], str]) -> None:
        """Ask at every probe; an empty answer means ready."""
        self._watched[name] = reason

    def drain(self) -> None:
        """Be not ready from now on: the process is on its way out."""
        self.draining = True

    @property
    def conditions(self) -> Mapping[str, Condition]:
        """Every condition as it is now."""
        watched = {name: Condition(reason()) for name, reason in self._watched.items()}
        return self._set | watched

    @property
    def ready(self) -> bool:
        """Whether traffic should come."""
        return not self.draining and all(one.ready for one in self.conditions.values())
