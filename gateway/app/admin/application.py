"""The admin listener's application: status, metrics, probes, and what a token guards."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import cast

from aiohttp import web

from gateway.app.admin.door import Application
from gateway.app.admin.host_check import check_host
from gateway.app.admin.revocations import add_revocation_routes
from gateway.app.admin.sessions import add_session_routes
from gateway.identity.revocation.revocations import Revocations
from gateway.observability.admin import build_admin_app
from gateway.observability.observed import Observed
from gateway.proxy.sessions.sessions import Sessions


@asynccontextmanager
async def running_application(
    shown: Observed,
    names: Collection[str],
    token: str | None,
    revocations: Revocations,
    sessions: Mapping[str, Sessions],
) -> AsyncIterator[Application]:
    """Run the application under its `names`; gives what makes the protocol of a connection.

    What changes something is there only when a token guards it.
    """
    app = build_admin_app(shown)
    app.middlewares.append(check_host(names))
    app.on_response_prepare.append(_end_behind_upgrade)
    if token is not None:
        add_revocation_routes(app, revocations, token)
        add_session_routes(app, sessions, token)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        yield cast(Application, runner.server)  # None before `setup` only
    finally:
        await runner.cleanup()


async def _end_behind_upgrade(request: web.BaseRequest, response: web.StreamResponse) -> None:
    # The parser stops behind a request that asks for an upgrade, and what it was fed is lost.
    if "Upgrade" in request.headers:
        response.force_close()
