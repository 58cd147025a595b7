"""Opens the login at a provider for as long as the authorization server runs."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from gateway.authserver.login.login_method import LoginBuilder, LoginMethod, LoginSite
from gateway.authserver.login.provider.arrival import Arrivals
from gateway.authserver.login.provider.login import ProviderLogin, ProviderParts
from gateway.authserver.login.provider.recheck import Recheck
from gateway.authserver.login.provider.renewals import Renewals
from gateway.authserver.login.provider.services import ProviderServices
from gateway.authserver.login.provider.state import ProviderState
from gateway.authserver.sealed_values import SealedValues
from gateway.config.login.provider import LoginProvider
from gateway.identity.keys.sources import IdentityServices
from gateway.store.store import Store


@dataclass(frozen=True, slots=True)
class LoginGround:
    """What the login stands on; `key` is the authorization server's own."""

    store: Store
    around: IdentityServices
    key: bytes = field(repr=False)


@asynccontextmanager
async def open_provider_login(
    settings: LoginProvider, ground: LoginGround
) -> AsyncIterator[LoginBuilder]:
    """Keep the provider's metadata and keys fresh; what is yielded builds the login method.

    Raises `ConfigError` for a client that cannot be one.
    """
    async with AsyncExitStack() as stack:
        opened = ProviderServices(settings, ground.around, stack)
        people, tokens = await opened.people(), await opened.tokens()
        assertions = await opened.assertions()
        key = hashlib.blake2b(b"login provider", key=ground.key[:64], digest_size=32).digest()

        def build(site: LoginSite, sealed: SealedValues) -> LoginMethod:
            renewals = Renewals(
                sealed, ground.store, ground.around.flights, site.clocks, settings.recheck
            )
            parts = ProviderParts(
                tokens,
                Arrivals(settings, people, site.clocks),
                opened.endpoint(settings.authorization_url, "authorization_endpoint"),
                opened.expected,
                Recheck(settings, tokens, people, renewals, site.clocks),
                ProviderState(site.callback_url),
                ground.store,
                key,
                None if assertions is None else assertions(sealed.issuer),
            )
            return ProviderLogin(settings, parts, site)

        async with asyncio.TaskGroup() as group:
            running = group.create_task((await opened.sources()).run())
            try:
                yield build
            finally:
                running.cancel()
