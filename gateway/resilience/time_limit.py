"""A time limit for a coroutine that a `Stepper` or a task runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.resilience.stepper import enter_task


@asynccontextmanager
async def time_limit(seconds: float) -> AsyncIterator[asyncio.Timeout]:
    """`asyncio.timeout` that works whoever runs the coroutine."""
    await enter_task()
    async with asyncio.timeout(seconds) as limit:
        yield limit
