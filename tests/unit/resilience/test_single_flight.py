import asyncio

import pytest

from gateway.errors import IdentityUnavailable
from gateway.resilience.single_flight import SingleFlight


class Work:
    """Counts its runs and waits until it is let go."""

    def __init__(self, error: Exception | None = None) -> None:
        self.runs = 0
        self.go = asyncio.Event()
        self.started = asyncio.Event()
        self._error = error

    async def __call__(self) -> str:
        self.runs += 1
        self.started.set()
        await self.go.wait()
        if self._error is not None:
            raise self._error
        return "landed"


@pytest.mark.requirement("C4")
async def test_thousand_callers_share_one_run(flights: SingleFlight) -> None:
    work = Work()
    async with asyncio.TaskGroup() as group:
        callers = [group.create_task(flights.join("key", work)) for _ in range(1000)]
        await work.started.wait()
        work.go.set()

    assert {caller.result() for caller in callers} == {"landed"}
    assert work.runs == 1


@pytest.mark.requirement("C4")
async def test_cancelled_leader_does_not_fail_the_followers(flights: SingleFlight) -> None:
    work = Work()
    async with asyncio.TaskGroup() as group:
        leader = group.create_task(flights.join("key", work))
        follower = group.create_task(flights.join("key", work))
        await work.started.wait()
        leader.cancel()
        await asyncio.sleep(0)
        work.go.set()

    assert leader.cancelled()
    assert follower.result() == "landed"
    assert work.runs == 1


async def test_each_caller_gets_an_error_of_its_own(flights: SingleFlight) -> None:
    work = Work(IdentityUnavailable("not now", retry_after_s=7))
    work.go.set()

    outcomes = await asyncio.gather(
        *(flights.join("key", work) for _ in range(3)), return_exceptions=True
    )

    errors = [error for error in outcomes if isinstance(error, IdentityUnavailable)]
    assert [error.retry_after_s for error in errors] == [7, 7, 7]
    assert len({id(error) for error in errors}) == 3
    assert work.runs == 1


async def test_work_runs_again_after_it_landed(flights: SingleFlight) -> None:
    work = Work()
    work.go.set()

    await flights.join("key", work)
    assert not flights.is_in_air("key")
    await flights.join("key", work)

    assert work.runs == 2


async def test_different_keys_do_not_wait_for_each_other(flights: SingleFlight) -> None:
    slow, quick = Work(), Work()
    quick.go.set()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(flights.join("slow", slow))

        assert await flights.join("quick", quick) == "landed"
        assert not waiting.done()
        slow.go.set()


async def test_cancelled_group_ends_those_who_wait() -> None:
    work = Work()

    async def serve() -> None:
        async with asyncio.TaskGroup() as group:
            await SingleFlight(group).join("key", work)

    async with asyncio.TaskGroup() as outer:
        serving = outer.create_task(serve())
        await work.started.wait()
        serving.cancel()

    assert serving.cancelled()
