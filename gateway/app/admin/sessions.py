"""`/sessions` on the admin listener: who has which session, and ending one, behind a token."""

from collections.abc import Mapping

from aiohttp import web

from gateway.app.admin.guard import NO_STORE, error, guarded
from gateway.observability.times import iso_time
from gateway.proxy.sessions.session import Session
from gateway.proxy.sessions.sessions import Sessions

PATH = "/sessions"


def add_session_routes(app: web.Application, sessions: Mapping[str, Sessions], token: str) -> None:
    """Serve the sessions of every server below `PATH`, as this process knows them."""

    async def listed(request: web.Request) -> web.Response:
        found = [_told(name, each) for name, own in sessions.items() for each in own]
        return web.json_response({"sessions": found}, headers=NO_STORE)

    async def end(request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
        found = [(own, each) for own in sessions.values() for each in own if each.name == wanted]
        if not found:
            return error(404, "No such session here; another replica may have it.")
        for own, session in found:
            own.end(session, "admin")
        return web.Response(status=204, headers=NO_STORE)

    app.router.add_get(PATH, guarded(listed, token))
    app.router.add_delete(PATH + "/{id}", guarded(end, token))


def _told(server: str, session: Session) -> dict[str, object]:
    issuer, subject, client_id = session.caller or (None, None, None)
    return {
        "id": session.name,
        "server": server,
        "issuer": issuer,
        "subject": subject,
        "client_id": client_id,
        "started_at": iso_time(session.started_at),
        "seen_at": iso_time(session.seen_at),
        "requests": session.requests,
        "tools": sorted(session.tools),
    }
