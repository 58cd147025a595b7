"""A clock that only the test moves, and work that several wait for."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from gateway.resilience.single_flight import SingleFlight
from tests.support.hand_clock import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock(float(int(time.time())))


@pytest.fixture
async def flights() -> AsyncIterator[SingleFlight]:
    async with asyncio.TaskGroup() as group:
        yield SingleFlight(group)
