import asyncio

import pytest

from gateway.authserver.login.provider.opening import LoginGround, open_provider_login
from gateway.config.login.provider import LoginProvider
from gateway.errors import ConfigError
from gateway.identity.keys.sources import IdentityServices
from gateway.resilience.single_flight import SingleFlight
from gateway.store.memory import MemoryStore


async def test_client_without_its_secret_stops_the_start() -> None:
    settings = LoginProvider(issuer="https://idp.example", client_id="c")

    async with asyncio.TaskGroup() as group:
        around = IdentityServices(SingleFlight(group))
        with pytest.raises(ConfigError, match="client_secret"):
            async with open_provider_login(settings, LoginGround(MemoryStore(), around, bytes(32))):
                pytest.fail("it was opened")
