"""`/revocations` on the admin listener: the list, additions and pardons, behind a token."""

import time
from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from gateway.app.admin.guard import NO_STORE, error, guarded
from gateway.identity.revocation.revocation import Revocation, dump_revocation, parse_revocation
from gateway.identity.revocation.revocations import Revocations
from gateway.observability.times import iso_time
from gateway.store.unavailable import StoreUnavailable
from gateway.strict_json import parse_json_object

PATH = "/revocations"
MAX_BODY_BYTES = 64 * 1024
LAST_WRITTEN = 253402300800  # ISO 8601 has four digits for a year

Handler = Callable[[Revocations, web.Request], Awaitable[web.Response]]


def add_revocation_routes(app: web.Application, revocations: Revocations, token: str) -> None:
    """Serve the list below `PATH`. Without `Authorization: Bearer <token>` nobody reads it."""
    routes: dict[tuple[str, str], Handler] = {
        ("GET", PATH): _list,
        ("POST", PATH): _add,
        ("DELETE", PATH + "/{id}"): _remove,
    }
    for (method, path), handler in routes.items():
        answer = partial(_answer, handler, revocations)
        app.router.add_route(method, path, guarded(answer, token))


async def _answer(handler: Handler, revocations: Revocations, request: web.Request) -> web.Response:
    try:
        return await handler(revocations, request)
    except StoreUnavailable:
        return error(
            503,
            "The store does not answer. Try again: saying it twice does no harm.",
            {"Retry-After": "5"},
        )


async def _list(revocations: Revocations, request: web.Request) -> web.Response:
    listed = [_told(each) for each in revocations.listed()]
    return web.json_response({"revocations": listed}, headers=NO_STORE)


async def _add(revocations: Revocations, request: web.Request) -> web.Response:
    if request.content_type != "application/json":
        # A page in a browser can post forms and plain text to any address, but not this.
        return error(415, "Send application/json.")
    body = await request.content.read(MAX_BODY_BYTES + 1)
    try:
        if len(body) > MAX_BODY_BYTES:
            raise ValueError(f"more than {MAX_BODY_BYTES} bytes")
        revocation: Revocation = parse_revocation(parse_json_object(body))
    except ValueError as cause:
        return error(400, str(cause))
    await revocations.add(revocation)
    in_force_at = {"in_force_at": iso_time(time.time())}
    return web.json_response(_told(revocation) | in_force_at, status=201, headers=NO_STORE)


def _told(revocation: Revocation) -> dict[str, object]:
    told = {"id": revocation.identity} | dump_revocation(revocation)
    for name in ("before", "until"):
        moment = told.get(name)
        if isinstance(moment, float | int) and 0 <= moment < LAST_WRITTEN:
            told[name] = iso_time(moment)
    return told


async def _remove(revocations: Revocations, request: web.Request) -> web.Response:
    if await revocations.remove(request.match_info["id"]):
        return web.Response(status=204, headers=NO_STORE)
    return error(404, "No such revocation in the store; one of the file is removed there.")
