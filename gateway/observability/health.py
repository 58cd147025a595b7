"""Whether the gateway should get traffic: named conditions, and whether it is draining."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

STARTING = "starting"
# How many of a group must hold: one is enough, every one, or none.
Need = Literal["any", "all", "ignore"]
# What liveness says. Nothing is asked for it: an issuer or an upstream that is away is no reason
# for a restart.
ALIVE: Mapping[str, object] = {"status": "ok"}


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must hold; `reason` is empty while it does.

    Of those with the same `group` not all need to hold.
    """

    reason: str = ""
    group: str = ""

    @property
    def ready(self) -> bool:
        """Whether it holds."""
        return not self.reason


class Readiness:
    """Ready when every condition holds and no shutdown has begun.

    Each of `names` is not ready until it is set. Of each group in `needs` as many must hold as
    it says. It says nothing about liveness: a process that waits for its issuer must not be
    restarted for that.
    """

    def __init__(self, *names: str, needs: Mapping[str, Need] | None = None) -> None:
        self.draining = False
        self._needs = needs or {}
        self._set: dict[str, Condition] = {name: Condition(STARTING) for name in names}
        self._watched: dict[str, tuple[Callable[[], str], str]] = {}

    def set_ready(self, name: str) -> None:
        """Note that a condition holds."""
        self._set[name] = Condition()

    def set_not_ready(self, name: str, reason: str) -> None:
        """Note that a condition does not hold, and why."""
        self._set[name] = Condition(reason)

    def watch(self, name: str, reason: Callable[[], str], group: str = "") -> None:
        """Ask at every probe; an empty answer means ready."""
        self._watched[name] = (reason, group)

    def drain(self) -> None:
        """Be not ready from now on: the process is on its way out."""
        self.draining = True

    @property
    def conditions(self) -> Mapping[str, Condition]:
        """Every condition as it is now."""
        watched = {
            name: Condition(reason(), group) for name, (reason, group) in self._watched.items()
        }
        return self._set | watched

    @property
    def ready(self) -> bool:
        """Whether traffic should come."""
        return not self.draining and not self.obstacles

    @property
    def obstacles(self) -> Mapping[str, str]:
        """What keeps traffic away now, and why; empty when nothing does."""
        failing = {name: one for name, one in self.conditions.items() if not one.ready}
        return {name: one.reason for name, one in failing.items() if self._counts(one)}

    def _counts(self, failing: Condition) -> bool:
        need = self._needs.get(failing.group, "all")
        if need != "any":
            return need == "all"
        others = (one for one in self.conditions.values() if one.group == failing.group)
        return not any(one.ready for one in others)


def readiness_document(readiness: Readiness) -> Mapping[str, object]:
    """What `/readyz` answers; `ready` is whether its status is 200."""
    obstacles = readiness.obstacles
    return {
        "ready": readiness.ready,
        "draining": readiness.draining,
        "conditions": {
            name: _condition(one, needed=name in obstacles)
            for name, one in readiness.conditions.items()
        },
    }


def _condition(one: Condition, *, needed: bool) -> Mapping[str, object]:
    if one.ready:
        return {"ready": True}
    told: dict[str, object] = {"ready": False, "reason": one.reason}
    return told if needed else told | {"needed": False}
