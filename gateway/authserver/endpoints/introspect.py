"""`POST /introspect`: RFC 7662, of this server's own tokens, for confidential clients."""

from aiohttp import web

from gateway.authserver.answers import json_answer
from gateway.authserver.forms import form_of
from gateway.authserver.server import AuthorizationServer
from gateway.oauth.client_authentication import parse_client
from gateway.oauth.errors import UnauthorizedClient

_TOLD = ("scope", "client_id", "sub", "aud", "iss", "exp", "iat", "jti", "cnf", "auth_time")


async def introspect(server: AuthorizationServer, request: web.Request) -> web.Response:
    """Say whether an access token counts. Raises `InvalidClient` and `UnauthorizedClient`."""
    form = await form_of(request)
    now = server.clocks.wall()
    presented = parse_client(request.headers.getall("Authorization", ()), form)
    client = await server.known.authenticator.authenticate(presented, now)
    if client.kind != "configured" or client.is_public:
        # Whoever may register could else try tokens that they found: RFC 7662 §4.
        raise UnauthorizedClient("Only configured clients with a secret may ask about tokens.")
    claims = await server.grants.live_claims(form.require("token"), now)
    server.steps.done("introspect")
    if claims is None:
        return json_answer({"active": False})
    told = {name: claims[name] for name in _TOLD if name in claims}
    kind = "DPoP" if "cnf" in claims else "Bearer"
    return json_answer({"active": True, "token_type": kind, **told})
