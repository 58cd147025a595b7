"""`POST /register`: RFC 7591. Nothing is stored and nothing is fetched."""

from aiohttp import web

from gateway.authserver.answers import json_answer
from gateway.authserver.forms import body_of
from gateway.authserver.server import AuthorizationServer
from gateway.errors import NotFound, RateLimited
from gateway.http.peer import network_of
from gateway.oauth.errors import InvalidClientMetadata
from gateway.oauth.registration import (
    GRANTS,
    GRANTS_OF_DEVICES,
    build_registration_response,
    parse_registration,
)
from gateway.strict_json import parse_json

_JSON = "application/json"


async def register(server: AuthorizationServer, request: web.Request) -> web.Response:
    """Register a client.

    Raises `InvalidRedirectUri`, `InvalidClientMetadata` and `RateLimited`.
    """
    registered = server.known.registered
    if registered is None:
        raise NotFound("Clients cannot register themselves here.")
    if request.content_type != _JSON:
        raise InvalidClientMetadata(f"Send {_JSON}.")
    _spend(server, request)
    offered = GRANTS if server.devices is None else GRANTS_OF_DEVICES
    registration = parse_registration(_parse(await body_of(request)), offered)
    now = server.clocks.wall()
    client_id, secret = registered.register(registration, now)
    server.steps.done("register")
    return json_answer(
        build_registration_response(client_id, secret, registration, now), status=201
    )


def _spend(server: AuthorizationServer, request: web.Request) -> None:
    limit = server.known.registrations
    if limit is None:
        return
    wait_s = limit.take(network_of(server.address_of(request)), server.clocks.monotonic())
    if wait_s > 0:
        raise RateLimited("Too many registrations.", int(wait_s) + 1, reason="rate_limited")


def _parse(body: bytes) -> object:
    try:
        return parse_json(body)
    except ValueError:
        raise InvalidClientMetadata("The body is not JSON that reads in one way only.") from None
