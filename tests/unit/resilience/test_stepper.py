"""A coroutine that runs without a task until it needs one."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from gateway.resilience.stepper import Pending, Stepper, enter_task

LIMIT_S = 5.0
Run = Callable[[Coroutine[Any, Any, None]], "Watched"]


class Watched:
    """A stepper, and how often it told its end."""

    def __init__(self, work: Coroutine[Any, Any, None], group: asyncio.TaskGroup) -> None:
        self.ends = 0
        self._ended = asyncio.Event()
        self.stepper = Stepper(work, group, self._on_end)
        self.stepper.step()

    async def ended(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            await self._ended.wait()

    def _on_end(self) -> None:
        self.ends += 1
        self._ended.set()


@pytest.fixture
async def run() -> AsyncIterator[Run]:
    """Steps a coroutine with tasks of a group that ends with the test."""
    async with asyncio.TaskGroup() as group:
        yield lambda work: Watched(work, group)


def pending() -> Pending[str]:
    return Pending(asyncio.get_running_loop())


def own_task() -> asyncio.Task[Any] | None:
    return asyncio.current_task()


async def test_what_waits_for_nothing_ends_at_once(run: Run) -> None:
    tasks = []

    async def work() -> None:
        tasks.append(own_task())

    watched = run(work())

    assert watched.ends == 1
    assert tasks == [own_task()]


async def test_a_value_resumes_whoever_waits_before_it_returns(run: Run) -> None:
    first, second = pending(), pending()
    values = []

    async def work() -> None:
        values.append(await first)
        values.append(await second)

    watched = run(work())
    first.set_result("a")
    assert (values, watched.ends) == (["a"], 0)
    second.set_result("b")

    assert (values, watched.ends) == (["a", "b"], 1)


async def test_a_value_that_is_there_is_not_waited_for(run: Run) -> None:
    ready = pending()
    ready.set_result("a")

    async def work() -> None:
        assert await ready == "a"

    assert run(work()).ends == 1


async def test_an_error_instead_of_a_value_is_raised_where_it_is_awaited(run: Run) -> None:
    waits_for = pending()
    errors = []

    async def work() -> None:
        try:
            await waits_for
        except ConnectionError as error:
            errors.append(error)

    watched = run(work())
    broken = ConnectionError()
    waits_for.set_exception(broken)

    assert (errors, watched.ends) == ([broken], 1)
    assert waits_for.exception() is broken


async def test_whatever_else_is_awaited_makes_a_task(run: Run) -> None:
    event, is_going_on = asyncio.Event(), asyncio.Event()
    later = pending()
    tasks = []

    async def work() -> None:
        tasks.append(own_task())
        await event.wait()
        tasks.append(own_task())
        is_going_on.set()
        await later
        tasks.append(own_task())

    watched = run(work())
    event.set()
    await is_going_on.wait()
    later.set_result("a")
    await watched.ended()

    before, amid, after = tasks
    assert before is own_task()
    assert amid is after is not own_task()
    assert watched.ends == 1


async def test_cancelled_while_it_runs_in_its_task_it_ends_at_its_next_wait(run: Run) -> None:
    """Its own work may end its connection."""
    steppers: list[Stepper] = []
    waits_for = pending()
    seen = []

    async def work() -> None:
        await enter_task()
        steppers[0].cancel()
        try:
            await waits_for
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    watched = run(work())
    steppers.append(watched.stepper)
    await watched.ended()

    assert (seen, watched.ends) == (["cancelled"], 1)


async def test_cancelled_while_it_runs_it_ends_at_its_next_wait(run: Run) -> None:
    steppers: list[Stepper] = []
    first, second = pending(), pending()
    seen = []

    async def work() -> None:
        await first
        steppers[0].cancel()
        try:
            await second
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise

    watched = run(work())
    steppers.append(watched.stepper)
    first.set_result("a")

    assert (seen, watched.ends, second.cancelled()) == (["cancelled"], 1, True)


async def test_cancelled_while_it_waits_for_a_value_it_ends_at_once(run: Run) -> None:
    waits_for = pending()
    seen = []

    async def work() -> None:
        try:
            await waits_for
        finally:
            seen.append("cleaned up")

    watched = run(work())
    watched.stepper.cancel()

    assert (seen, watched.ends) == (["cleaned up"], 1)
    assert waits_for.done()
    with pytest.raises(asyncio.CancelledError):
        waits_for.exception()


async def test_cancelled_before_its_task_begins_it_still_cleans_up(run: Run) -> None:
    """A task that is cancelled before its first turn never runs its coroutine."""
    seen = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            seen.append("cleaned up")
            raise

    watched = run(work())
    watched.stepper.cancel()
    await watched.ended()

    assert (seen, watched.ends) == (["cleaned up"], 1)


async def test_cancelled_in_its_task_it_ends(run: Run) -> None:
    going_on = asyncio.Event()
    waits_for = pending()

    async def work() -> None:
        await enter_task()
        going_on.set()
        await waits_for

    watched = run(work())
    await going_on.wait()
    watched.stepper.cancel()
    await watched.ended()

    assert waits_for.cancelled()
    assert watched.ends == 1


async def test_what_is_cleaned_up_may_wait(run: Run) -> None:
    first, second = pending(), pending()
    seen = []

    async def work() -> None:
        try:
            await first
        finally:
            seen.append(await second)

    watched = run(work())
    watched.stepper.cancel()
    second.set_result("closed")

    assert (seen, watched.ends) == (["closed"], 1)


async def test_cancelling_what_has_ended_does_nothing(run: Run) -> None:
    async def at_once() -> None:
        pass

    watched, in_task = run(at_once()), run(enter_task())
    await in_task.ended()
    watched.stepper.cancel()
    in_task.stepper.cancel()

    assert (watched.ends, in_task.ends) == (1, 1)


@pytest.mark.parametrize("in_task", [False, True])
async def test_an_error_harms_nobody_else_and_is_logged(
    run: Run, caplog: pytest.LogCaptureFixture, in_task: bool
) -> None:
    """Its group is the gateway's: an error in a task of it would end the process."""

    async def work() -> None:
        if in_task:
            await enter_task()
        raise ValueError

    watched = run(work())
    await watched.ended()

    assert watched.ends == 1
    assert [each.levelno for each in caplog.records] == [logging.ERROR]


async def test_a_task_may_wait_for_a_value() -> None:
    waits_for = pending()

    async def wait() -> str:
        return await waits_for

    async with asyncio.TaskGroup() as group:
        task = group.create_task(wait())
        await asyncio.sleep(0)
        waits_for.set_result("a")

    assert task.result() == "a"
    assert waits_for.get_loop() is asyncio.get_running_loop()


async def test_a_task_that_waits_for_a_value_can_be_cancelled() -> None:
    waits_for = pending()

    async def wait() -> str:
        return await waits_for

    async with asyncio.TaskGroup() as group:
        task = group.create_task(wait())
        await asyncio.sleep(0)
        task.cancel("enough")

    assert task.cancelled()
    assert waits_for.cancelled()
    assert not waits_for.cancel()


async def test_asyncio_takes_a_pending_value_for_a_future() -> None:
    ready, never = pending(), pending()
    ready.set_result("a")

    assert asyncio.isfuture(never)
    done, waiting = await asyncio.wait([ready, never], timeout=0)
    assert (done, waiting) == ({ready}, {never})
