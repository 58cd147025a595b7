"""A value that is fetched ahead of need, and kept when fetching fails."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gateway.resilience.clocks import Clocks
from gateway.resilience.document import FetchFailed
from gateway.resilience.repeat import repeat
from gateway.resilience.single_flight import SingleFlight

logger = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_RETRY_S = 0.1
# While nothing was ever fetched nobody can be served, so retries stay close together.
MAX_RETRY_AT_START_S = 1.0
MAX_RETRY_S = 60.0


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T]):
    """A value, and for how many seconds its source calls it fresh (None: not said)."""

    value: T
    max_age_s: float | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """`refresh_s` between fetches; requests cause one at most once in `cooldown_s`."""

    refresh_s: float = 900.0
    cooldown_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Feed(Generic[T]):
    """Where a value comes from. `load` raises `FetchFailed` when it cannot be had.

    `on_fetch` is told `ok` or `failed` after each attempt.
    """

    name: str
    load: Callable[[], Awaitable[Loaded[T]]]
    schedule: Schedule = Schedule()
    on_fetch: Callable[[str], None] = field(default=lambda result: None)


class Refreshed(Generic[T]):
    """The last good value of a feed; `value` is None until the first fetch succeeded."""

    def __init__(self, feed: Feed[T], flights: SingleFlight, clocks: Clocks) -> None:
        self.value: T | None = None
        self.last_success_at: float | None = None
        self._feed = feed
        self._flights = flights
        self._clocks = clocks
        self._succeeded: float | None = None  # monotonic
        self._asked: float | None = None  # monotonic
        self._failures = 0
        self._max_age_s: float | None = None

    @property
    def age_s(self) -> float | None:
        """Seconds since the last success, None when there was none."""
        if self._succeeded is None:
            return None
        return self._clocks.monotonic() - self._succeeded

    async def run(self) -> None:
        """Fetch now and then ahead of expiry, until cancelled."""
        await repeat(self._feed.name, self.refresh, self.next_delay_s)

    async def refresh(self) -> None:
        """Fetch once, or wait for the fetch that is under way; a failure changes nothing."""
        await self._flights.join(self, self._fetch)

    async def refresh_if_cool(self) -> None:
        """Fetch because a request needs it: at most once in the cooldown, whoever asks."""
        if not self._flights.is_in_air(self):
            now = self._clocks.monotonic()
            if self._asked is not None and now - self._asked < self._feed.schedule.cooldown_s:
                return
            self._asked = now
        await self.refresh()

    def next_delay_s(self) -> float:
        """Seconds to wait before the next fetch of `run`."""
        schedule = self._feed.schedule
        if self._failures:
            cap = MAX_RETRY_AT_START_S if self.value is None else MAX_RETRY_S
            return min(cap, FIRST_RETRY_S * 2.0 ** min(self._failures - 1, 16))
        if self._max_age_s is None:
            return schedule.refresh_s
        return min(schedule.refresh_s, max(self._max_age_s, schedule.cooldown_s))

    async def _fetch(self) -> None:
        try:
            loaded = await self._feed.load()
        except FetchFailed as error:
            self._fail(error)
            return
        if self._failures:
            logger.info("issuer document fetched again", extra={"feed": self._feed.name})
        self.value = loaded.value
        self._max_age_s = loaded.max_age_s
        self._failures = 0
        self._succeeded = self._clocks.monotonic()
        self.last_success_at = self._clocks.wall()
        self._feed.on_fetch("ok")

    def _fail(self, error: FetchFailed) -> None:
        self._failures += 1
        if self._failures == 1:  # once per outage: a line per retry would bury the rest
            logger.warning(
                "issuer document not fetched", extra={"feed": self._feed.name, "error": str(error)}
            )
        self._feed.on_fetch("failed")
