import asyncio

from gateway.resilience.stepper import Pending, Stepper
from gateway.resilience.time_limit import time_limit

LIMIT_S = 5.0


def pending() -> Pending[str]:
    return Pending(asyncio.get_running_loop())


async def test_a_time_limit_holds_outside_a_task() -> None:
    seen = []

    async def work() -> None:
        try:
            async with time_limit(0.01):
                await pending()
        except TimeoutError:
            seen.append("too late")

    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        Stepper(work(), group, lambda: None).step()

    assert seen == ["too late"]


async def test_within_its_time_limit_nothing_is_cut_off() -> None:
    waits_for = pending()
    seen = []

    async def work() -> None:
        async with time_limit(LIMIT_S) as limit:
            seen.append(await waits_for)
        seen.append(str(limit.expired()))

    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        Stepper(work(), group, lambda: None).step()
        await asyncio.sleep(0)
        waits_for.set_result("a")

    assert seen == ["a", "False"]
