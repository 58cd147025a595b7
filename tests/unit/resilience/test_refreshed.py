import asyncio
import logging

import pytest

from gateway.resilience.document import FetchFailed
from gateway.resilience.refreshed import Feed, Loaded, Refreshed, Schedule
from gateway.resilience.single_flight import SingleFlight
from tests.support.hand_clock import HandClock


class Origin:
    """Serves a counter, or fails while it is down."""

    def __init__(self) -> None:
        self.loads = 0
        self.down = False
        self.max_age_s: float | None = None
        self.results: list[str] = []

    async def load(self) -> Loaded[int]:
        self.loads += 1
        await asyncio.sleep(0)
        if self.down:
            raise FetchFailed("down")
        return Loaded(self.loads, self.max_age_s)

    @property
    def feed(self) -> Feed[int]:
        return Feed("corp", self.load, Schedule(900.0, 30.0), self.results.append)


@pytest.fixture
def origin() -> Origin:
    return Origin()


@pytest.fixture
def refreshed(origin: Origin, flights: SingleFlight, clock: HandClock) -> Refreshed[int]:
    return Refreshed(origin.feed, flights, clock.clocks)


async def test_first_fetch_gives_a_value_and_its_age(
    refreshed: Refreshed[int], clock: HandClock
) -> None:
    assert refreshed.age_s is None

    await refreshed.refresh()
    clock.advance(5)

    assert refreshed.value == 1
    assert refreshed.age_s == 5
    assert refreshed.last_success_at == clock.wall - 5


@pytest.mark.requirement("J20", "J22")
async def test_failed_fetch_keeps_the_last_good_value(
    refreshed: Refreshed[int], origin: Origin, clock: HandClock
) -> None:
    await refreshed.refresh()
    origin.down = True
    clock.advance(10)

    await refreshed.refresh()

    assert refreshed.value == 1
    assert refreshed.age_s == 10
    assert origin.results == ["ok", "failed"]


async def test_fetches_that_meet_are_one(refreshed: Refreshed[int], origin: Origin) -> None:
    await asyncio.gather(*(refreshed.refresh() for _ in range(50)))

    assert origin.loads == 1


@pytest.mark.requirement("J19")
async def test_requests_cause_one_fetch_per_cooldown(
    refreshed: Refreshed[int], origin: Origin, clock: HandClock
) -> None:
    await refreshed.refresh()

    for _ in range(60):
        for _ in range(20):
            await refreshed.refresh_if_cool()
        clock.advance(1)

    assert origin.loads == 1 + 2


async def test_retries_at_start_back_off_to_a_second(
    refreshed: Refreshed[int], origin: Origin
) -> None:
    """Ready at most 2 s after the issuer is back."""
    origin.down = True
    delays = []
    for _ in range(8):
        await refreshed.refresh()
        delays.append(refreshed.next_delay_s())

    assert delays == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0, 1.0]


async def test_retries_later_back_off_to_a_minute(
    refreshed: Refreshed[int], origin: Origin
) -> None:
    await refreshed.refresh()
    origin.down = True

    for _ in range(20):
        await refreshed.refresh()

    assert refreshed.next_delay_s() == 60.0


@pytest.mark.parametrize(
    ("max_age_s", "delay_s"), [(None, 900.0), (300.0, 300.0), (86400.0, 900.0), (0.0, 30.0)]
)
async def test_freshness_that_the_server_states_only_shortens_the_delay(
    refreshed: Refreshed[int], origin: Origin, max_age_s: float | None, delay_s: float
) -> None:
    origin.max_age_s = max_age_s
    await refreshed.refresh()

    assert refreshed.next_delay_s() == delay_s


async def test_outage_is_logged_once_and_its_end_once(
    refreshed: Refreshed[int], origin: Origin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    origin.down = True
    for _ in range(3):
        await refreshed.refresh()
    origin.down = False
    for _ in range(3):
        await refreshed.refresh()

    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


@pytest.mark.requirement("J22")
async def test_run_recovers_by_itself(
    origin: Origin, flights: SingleFlight, clock: HandClock
) -> None:
    results: asyncio.Queue[str] = asyncio.Queue()
    feed = Feed("corp", origin.load, Schedule(0.01, 30.0), results.put_nowait)
    refreshed = Refreshed(feed, flights, clock.clocks)
    origin.down = True
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        running = group.create_task(refreshed.run())
        assert await results.get() == "failed"
        assert refreshed.value is None

        origin.down = False

        assert [await results.get() for _ in range(3)] == ["ok"] * 3
        running.cancel()
