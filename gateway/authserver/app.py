"""Adds the authorization server's endpoints to an aiohttp application."""

from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from gateway.authserver.answers import CORS, preflight_answer
from gateway.authserver.endpoints.authorize import authorize
from gateway.authserver.endpoints.consent import consent
from gateway.authserver.endpoints.device import device
from gateway.authserver.endpoints.device_authorization import device_authorization
from gateway.authserver.endpoints.finish_login import finish_login
from gateway.authserver.endpoints.introspect import introspect
from gateway.authserver.endpoints.metadata import metadata, metadata_paths
from gateway.authserver.endpoints.register import register
from gateway.authserver.endpoints.revoke import revoke
from gateway.authserver.endpoints.token import token
from gateway.authserver.handling import for_clients, for_people
from gateway.authserver.server import (
    AUTHORIZE,
    CALLBACK,
    CONSENT,
    DEVICE,
    DEVICE_AUTHORIZATION,
    INTROSPECT,
    LOGIN,
    REGISTER,
    REVOKE,
    TOKEN,
    AuthorizationServer,
)
from gateway.identity.keys.local_issuer import JWKS_PATH

_CACHED = {"Cache-Control": "public, max-age=300", **CORS}


def add_authorization_server(app: web.Application, server: AuthorizationServer) -> None:
    """Add every endpoint and document; paths are those of the issuer's own."""
    add, base = app.router.add_route, urlsplit(server.issuer).path.rstrip("/")
    for path, step, endpoint in (
        (REGISTER, "register", register),
        (TOKEN, "token", token),
        (REVOKE, "revoke", revoke),
        (INTROSPECT, "introspect", introspect),
    ):
        add("POST", base + path, for_clients(server, step, endpoint))  # type: ignore[arg-type]
        add("OPTIONS", base + path, _preflight)
    app.router.add_get(base + AUTHORIZE, for_people(server, "authorize", authorize))
    add("POST", base + CONSENT, for_people(server, "consent", consent))
    add("POST", base + LOGIN, for_people(server, "login", finish_login))
    app.router.add_get(base + CALLBACK, for_people(server, "login", finish_login))
    if server.devices is not None:
        _add_devices(app, server, base)
    document = metadata(server)
    for path in metadata_paths(server):
        _add_document(app, path, lambda: document)
    _add_document(app, base + JWKS_PATH, server.grants.signer.jwks)


def _add_devices(app: web.Application, server: AuthorizationServer, base: str) -> None:
    path = base + DEVICE_AUTHORIZATION
    app.router.add_post(path, for_clients(server, "authorize", device_authorization))
    app.router.add_route("OPTIONS", path, _preflight)
    app.router.add_get(base + DEVICE, for_people(server, "authorize", device))
    app.router.add_post(base + DEVICE, for_people(server, "authorize", device))


def _add_document(app: web.Application, path: str, read: Callable[[], dict[str, object]]) -> None:
    async def answer(request: web.Request) -> web.Response:
        body = msgspec.json.encode(read())
        return web.Response(body=body, content_type="application/json", headers=_CACHED)

    app.router.add_get(path, answer)
    app.router.add_route("OPTIONS", path, _preflight)


async def _preflight(request: web.Request) -> web.Response:
    return preflight_answer()
