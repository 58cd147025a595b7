"""A circuit breaker: a service that fails is left alone for a while, then tried once."""

from dataclasses import dataclass

from gateway.errors import IdentityUnavailable
from gateway.resilience.clocks import Clocks


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """Opens after `failures` in a row, for `open_s` at first and twice as long each time."""

    failures: int = 5
    open_s: float = 5.0
    max_open_s: float = 60.0


class Breaker:
    """Closed: calls pass. Open: they are refused at once. Half open: one call tries it out."""

    def __init__(self, clocks: Clocks, settings: BreakerSettings = BreakerSettings()) -> None:
        self._clocks = clocks
        self._settings = settings
        self._failures = 0
        self._opened = 0
        self._open_until = 0.0
        self._probing = False

    def now(self) -> float:
        """Seconds of the clock that every wait here is measured by."""
        return self._clocks.monotonic()

    @property
    def is_open(self) -> bool:
        """Whether calls are refused now, but for the one that tries it out."""
        return self._opened > 0

    @property
    def would_open(self) -> bool:
        """Whether one more failure opens the circuit, or keeps it open for longer."""
        return self._probing or (not self.is_open and self._failures + 1 >= self._settings.failures)

    def enter(self) -> None:
        """Ask to make a call; `succeeded`, `failed` or `abandoned` must follow.

        Raises `IdentityUnavailable` while the circuit is open.
        """
        if not self.is_open:
            return
        wait_s = self._open_until - self.now()
        if wait_s > 0 or self._probing:
            raise IdentityUnavailable(
                "The identity provider does not answer.", retry_after_s=max(1, round(wait_s))
            )
        self._probing = True

    def succeeded(self) -> None:
        """The service answered, whatever it said."""
        self._failures = self._opened = 0
        self._probing = False

    def failed(self) -> None:
        """The service did not answer as it must."""
        opens = self.would_open
        self._failures += 1
        if opens:
            longer = self._settings.open_s * 2.0 ** min(self._opened, 16)
            self._open_until = self.now() + min(longer, self._settings.max_open_s)
            self._opened += 1
        self._probing = False

    def abandoned(self) -> None:
        """The call was given up before it told anything."""
        self._probing = False
