"""How people log in at the authorization server: at a provider, or with an account of its own."""

import logging
from contextlib import AsyncExitStack

from gateway.app.control_plane.application import record_of
from gateway.app.generation.parts import Parts
from gateway.authserver.accounts.opening import open_accounts
from gateway.authserver.accounts.place import accounts_path
from gateway.authserver.login.local import LocalLogin
from gateway.authserver.login.login_method import LoginBuilder
from gateway.authserver.login.provider.opening import LoginGround, open_provider_login
from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.config.reading.login import provider_redirect_uri

logger = logging.getLogger(__name__)


async def open_login_method(
    parts: Parts, settings: Settings, stack: AsyncExitStack
) -> LoginBuilder:
    """Open what the method needs; it closes with `stack`."""
    shared = parts.carried.shared
    if settings.provider is not None:
        told = {
            "provider": settings.provider.issuer,
            "redirect_uri": provider_redirect_uri(parts.config),
        }
        logger.info("people log in at a provider, where this must be registered", extra=told)
        ground = LoginGround(shared.store, parts.carried.around, shared.login_key)
        return await stack.enter_async_context(open_provider_login(settings.provider, ground))
    opening = open_accounts(accounts_path(parts.config), shared.seal, shared.store)
    accounts = await stack.enter_async_context(opening)
    return lambda site, sealed: LocalLogin(accounts, site, lambda each: record_of(each).address)
