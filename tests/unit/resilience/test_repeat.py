"""What is done again and again is done again after a failure too."""

import asyncio
import logging

import pytest

from gateway.resilience.repeat import repeat


@pytest.mark.requirement("A18")
async def test_a_look_that_fails_is_told_of_once_and_done_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    outcomes = iter([True, False, False, True, False, True])
    ended = asyncio.Event()

    async def look() -> None:
        good = next(outcomes, None)
        if good is None:
            ended.set()
        if not good:
            raise LookupError

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        task = group.create_task(repeat("looking", look, lambda: 0.0))
        await ended.wait()
        task.cancel()

    told = [each.message for each in caplog.records]
    failure, success = "unexpected failure; it is tried again", "works again"
    assert told == [failure, success, failure, success, failure]
