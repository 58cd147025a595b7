"""`POST /revoke`: RFC 7009."""

from aiohttp import web

from gateway.authserver.answers import json_answer
from gateway.authserver.forms import form_of
from gateway.authserver.server import AuthorizationServer
from gateway.oauth.client_authentication import parse_client


async def revoke(server: AuthorizationServer, request: web.Request) -> web.Response:
    """End the login that a token belongs to; 200 for a token that is nobody's: §2.2.

    A token of another client is nobody's. Raises `InvalidClient`.
    """
    form = await form_of(request)
    now = server.clocks.wall()
    presented = parse_client(request.headers.getall("Authorization", ()), form)
    client = await server.known.authenticator.authenticate(presented, now)
    family_id = server.grants.family_of(form.require("token"), client.client_id, now)
    if family_id is not None:
        await server.grants.families.end(family_id, now)
    server.steps.done("revoke")
    return json_answer({})
