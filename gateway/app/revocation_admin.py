"""`/revocations` on the admin listener: the list, additions and pardons, behind a token."""

import hmac
import time
from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from gateway.identity.revocation import Revocation, dump_revocation, parse_revocation
from gateway.identity.revocations import Revocations
from gateway.store.unavailable import StoreUnavailable
from gateway.strict_json import parse_json_object

PATH = "/revocations"
MAX_BODY_BYTES = 64 * 1024
_NO_STORE = {"Cache-Control": "no-store"}

Handler = Callable[[Revocations, web.Request], Awaitable[web.Response]]


def add_revocation_routes(app: web.Application, revocations: Revocations, token: str) -> None:
    """Serve the list below `PATH`. Without `Authorization: Bearer <token>` nobody reads it."""
    routes: dict[tuple[str, str], Handler] = {
        ("GET", PATH): _list,
        ("POST", PATH): _add,
        ("DELETE", PATH + "/{id}"): _remove,
    }
    for (method, path), handler in routes.items():
        app.router.add_route(method, path, partial(_guarded, handler, revocations, token))


async def _guarded(
    handler: Handler, revocations: Revocations, token: str, request: web.Request
) -> web.Response:
    shown = request.headers.getall("Authorization", [])
    # In constant time: the admin token must not be guessed a character at a time.
    if len(shown) != 1 or not hmac.compare_digest(
        shown[0].encode("utf-8", "surrogateescape"), f"Bearer {token}".encode()
    ):
        return _error(401, "This needs the admin token.", {"WWW-Authenticate": "Bearer"})
    try:
        return await handler(revocations, request)
    except StoreUnavailable:
        return _error(
            503,
            "The store does not answer. Try again: saying it twice does no harm.",
            {"Retry-After": "5"},
        )


async def _list(revocations: Revocations, request: web.Request) -> web.Response:
    listed = [{"id": each.identity} | dump_revocation(each) for each in revocations.listed()]
    return web.json_response({"revocations": listed}, headers=_NO_STORE)


async def _add(revocations: Revocations, request: web.Request) -> web.Response:
    if request.content_type != "application/json":
        # A page in a browser can post forms and plain text to any address, but not this.
        return _error(415, "Send application/json.")
    body = await request.content.read(MAX_BODY_BYTES + 1)
    try:
        if len(body) > MAX_BODY_BYTES:
            raise ValueError(f"more than {MAX_BODY_BYTES} bytes")
        revocation: Revocation = parse_revocation(parse_json_object(body))
    except ValueError as error:
        return _error(400, str(error))
    await revocations.add(revocation)
    answer = {"id": revocation.identity, "in_force_at": time.time()} | dump_revocation(revocation)
    return web.json_response(answer, status=201, headers=_NO_STORE)


async def _remove(revocations: Revocations, request: web.Request) -> web.Response:
    if await revocations.remove(request.match_info["id"]):
        return web.Response(status=204, headers=_NO_STORE)
    return _error(404, "No such revocation in the store; one of the file is removed there.")


def _error(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": text}, status=status, headers=_NO_STORE | (headers or {}))
