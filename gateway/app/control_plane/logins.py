"""The built-in authorization server, with what the gateway knows for it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web

from gateway.app.control_plane.application import record_of
from gateway.app.control_plane.login_methods import open_login_method
from gateway.app.control_plane.login_resources import login_resources
from gateway.app.generation.origins import origin_of
from gateway.app.generation.parts import Parts
from gateway.authserver.app import add_authorization_server
from gateway.authserver.build import build_authorization_server
from gateway.authserver.clients.opening import open_document_clients
from gateway.authserver.foundation import Foundation
from gateway.authserver.server import AuthorizationServer
from gateway.authserver.steps import Steps
from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.identity.principal import Principal
from gateway.identity.revocation.revocation import Revocation

# Access tokens live for an hour at most; a clock that is behind must not bring them back.
VOID_FOR_S = 2 * 3600.0


@asynccontextmanager
async def open_logins(
    parts: Parts, settings: Settings
) -> AsyncIterator[Callable[[str, web.Application], None]]:
    """Run the authorization server; it adds its paths to the application of its own origin."""
    async with AsyncExitStack() as stack:
        server = await _open_server(parts, settings, stack)

        def extend(origin: str, app: web.Application) -> None:
            if origin == origin_of(server.issuer):
                add_authorization_server(app, server)

        yield extend


async def _open_server(
    parts: Parts, settings: Settings, stack: AsyncExitStack
) -> AuthorizationServer:
    shared, around = parts.carried.shared, parts.carried.around
    name, signer = next(iter(parts.issuers.local.items()))  # a check has seen to there being one
    documents = open_document_clients(settings.client_documents, around.flights)
    known = await stack.enter_async_context(documents)

    async def void_tokens(family_id: str, now: float) -> None:
        revocation = Revocation("session_id", family_id, signer.issuer, until=now + VOID_FOR_S)
        await shared.revocations.add(revocation)

    def is_revoked(subject: str, client_id: str, since: float) -> bool:
        # Whoever is of a group that is revoked is not known before the login.
        consented = Principal(signer.issuer, subject, client_id, groups=None, issued_at=since)
        return shared.revocations.concerns(consented)

    return build_authorization_server(
        settings,
        Foundation(
            signer=signer,
            key=shared.login_key,
            store=shared.store,
            resources=login_resources(parts.config, name),
            void_tokens=void_tokens,
            is_revoked=is_revoked,
            login=await open_login_method(parts, settings, stack),
            address_of=lambda request: record_of(request).address,
            steps=Steps(parts.carried.metrics.login_step),
            documents=(known,) if known.is_offered else (),
            brand=parts.brand,
        ),
    )
