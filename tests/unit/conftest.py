"""A clock that only the test moves, and work that several wait for."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from gateway.resilience.single_flight import Flights
from tests.support.hand_clock import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock(float(int(time.time())))


@pytest.fixture
async def flights() -> AsyncIterator[Flights]:
    async with asyncio.TaskGroup() as group:
        yield Flights(group)
