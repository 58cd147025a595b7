"""The authorization server as a plain aiohttp application, and a browser."""

from collections.abc import AsyncIterator

import pytest

from tests.support.authorization_server import Site, running_authorization_server
from tests.support.login_pages import PersonsBrowser


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running_authorization_server() as running:
        yield running


@pytest.fixture
async def browser() -> AsyncIterator[PersonsBrowser]:
    async with PersonsBrowser() as opened:
        yield opened
