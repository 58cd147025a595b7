"""A clock that only the test moves."""

from dataclasses import dataclass

from gateway.resilience.clocks import Clocks


@dataclass
class HandClock:
    """Stands still until it is moved; the monotonic time never goes back."""

    wall: float
    monotonic: float = 1000.0

    def advance(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds

    @property
    def clocks(self) -> Clocks:
        return Clocks(lambda: self.wall, lambda: self.monotonic)
