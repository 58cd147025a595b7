"""The authorization server in front of a provider that the test holds in its hand."""

from collections.abc import AsyncIterator

import pytest

from gateway.config.authorization_server import AuthorizationServer as Settings
from tests.support.authorization_server import Setting, Site, running_authorization_server
from tests.support.login_provider import HandProvider, running_hand_provider


@pytest.fixture
async def provider() -> AsyncIterator[HandProvider]:
    async with running_hand_provider() as running:
        yield running


@pytest.fixture
async def site(provider: HandProvider) -> AsyncIterator[Site]:
    async with running_authorization_server(
        Setting(Settings(provider=provider.settings()))
    ) as running:
        yield running
