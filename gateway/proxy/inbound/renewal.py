"""The verdict that an open stream rests on, where somebody else must confirm it now and then."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from gateway.errors import GatewayError, IdentityUnavailable

# However short a verdict is remembered, an open stream asks no more often than this.
MIN_INTERVAL_S = 1.0
# For how long a stream goes on after its verdict should have been confirmed.
UNKNOWN_FOR_S = 60.0

# Confirms a verdict at a time in Unix seconds, and says after how many seconds to ask again.
# Raises `GatewayError` when a request would now be refused.
Confirm = Callable[[float], Awaitable[float]]


@dataclass(slots=True)
class Renewal:
    """When a verdict is due; `due_at` and `ends_at` in seconds of the monotonic clock."""

    confirm: Confirm = field(repr=False)
    interval_s: float
    clock: Callable[[], float] = time.monotonic
    due_at: float = field(init=False)
    ends_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._count_from_now(self.interval_s)

    def begin(self) -> bool:
        """Whether it is due; then it is not again until an interval from now."""
        now = self.clock()
        if now < self.due_at:
            return False
        self.due_at = now + self.interval_s
        return True

    async def renew(self, now: float) -> str | None:
        """Why the stream ends, None when it goes on; `now` in Unix seconds."""
        try:
            interval_s = await self.confirm(now)
        except IdentityUnavailable:
            return "expired" if self.clock() >= self.ends_at else None
        except GatewayError:
            return "revoked"
        self._count_from_now(interval_s)
        return None

    def _count_from_now(self, interval_s: float) -> None:
        self.interval_s = max(interval_s, MIN_INTERVAL_S)
        self.due_at = self.clock() + self.interval_s
        self.ends_at = self.due_at + UNKNOWN_FOR_S
