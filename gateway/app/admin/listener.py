"""Opens the admin listener: the only place for probes, metrics and status."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from gateway.app.admin.host import check_host
from gateway.app.admin.revocations import add_revocation_routes
from gateway.app.admin.sessions import add_session_routes
from gateway.app.record import Observers, observed
from gateway.config.model import Config
from gateway.identity.revocation.revocations import Revocations
from gateway.observability.admin import build_admin_app
from gateway.proxy.sessions.sessions import Sessions


@asynccontextmanager
async def open_admin(
    config: Config,
    observers: Observers,
    revocations: Revocations,
    sessions: Mapping[str, Sessions],
) -> AsyncIterator[int]:
    """Serve the admin listener; gives the port that it really has. Raises OSError.

    What changes something is there only when a token guards it.
    """
    app = build_admin_app(observed(config, observers))
    app.middlewares.append(check_host([*config.admin.hosts, config.admin.listen.host]))
    app.on_response_prepare.append(_end_behind_upgrade)
    if config.admin.token is not None:
        token = config.admin.token.get_secret_value()
        add_revocation_routes(app, revocations, token)
        add_session_routes(app, sessions, token)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        listen = config.admin.listen
        await web.TCPSite(runner, listen.host or None, listen.port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def _end_behind_upgrade(request: web.BaseRequest, response: web.StreamResponse) -> None:
    # The parser stops behind a request that asks for an upgrade, and what it was fed is lost.
    if "Upgrade" in request.headers:
        response.force_close()
