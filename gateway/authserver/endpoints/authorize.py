"""`GET /authorize`: checks what a client asks for, and asks the person. RFC 6749 §4.1.1.

Nothing is stored and nothing is used up, so a client may try the URL before it opens it.
"""

from aiohttp import web

from gateway.authserver.answers import redirect_answer
from gateway.authserver.clients.client import Client
from gateway.authserver.endpoints.consent import ask_consent
from gateway.authserver.flows.flow import Flow
from gateway.authserver.flows.flow_values import close_flow, new_flow_id
from gateway.authserver.flows.way_back import WayBack
from gateway.authserver.refusals import refuse_at_client
from gateway.authserver.server import AuthorizationServer
from gateway.errors import GatewayError
from gateway.oauth.authorization_request import (
    AuthorizationRequest,
    parse_authorization_request,
    parse_state,
)
from gateway.oauth.errors import InvalidRedirectUri, LoginRequired, UnauthorizedClient
from gateway.oauth.parameters import Parameters, parse_parameters
from gateway.oauth.redirect_uri import match_redirect_uri


async def authorize(server: AuthorizationServer, request: web.Request) -> web.StreamResponse:
    """Show the consent page, the login, or an error: to the client where it is surely its own.

    Raises for what no redirect may answer: a bad client, redirect URI or state.
    """
    parameters = parse_parameters(request.query.items())
    now = server.clocks.wall()
    client = await server.known.clients.find_client(parameters.require("client_id"), now)
    redirect_uri = _redirect_uri(client, parameters)
    way_back = WayBack(client, redirect_uri, parse_state(parameters), server.issuer)
    try:
        asked = parse_authorization_request(parameters)
        flow = _flow(server, way_back, asked, server.browsers.known_or_new(request))
    except GatewayError as error:
        if way_back.is_trusted:
            server.steps.failed("authorize", error, client.client_id, "")
            return redirect_answer(way_back.failure(error))
        return refuse_at_client(server, "authorize", error, way_back)
    if "consent" not in asked.prompt:
        flow = await server.consents.answer(request, flow, now)
    response = await _go_on(server, flow, now)
    server.browsers.remember(response, flow.browser)
    server.steps.done("authorize")
    return response


async def _go_on(server: AuthorizationServer, flow: Flow, now: float) -> web.StreamResponse:
    """Ask the person, or have them log in where they consented before."""
    if flow.answered_by is None:
        return ask_consent(server, flow, now)
    return await server.login.begin(flow, close_flow(server.sealed, flow, "consented", now))


def _redirect_uri(client: Client, parameters: Parameters) -> str:
    """The one that is asked for, or the only one. Raises `InvalidRedirectUri`."""
    asked = parameters.get("redirect_uri")
    if asked is None and len(client.redirect_uris) == 1:
        return client.redirect_uris[0]
    if asked is None or not match_redirect_uri(asked, client.redirect_uris):
        raise InvalidRedirectUri("The redirect_uri is none that the client registered.")
    return asked


def _flow(
    server: AuthorizationServer, way_back: WayBack, asked: AuthorizationRequest, browser: str
) -> Flow:
    client, redirect_uri = way_back.client, way_back.redirect_uri
    if "authorization_code" not in client.grant_types:
        raise UnauthorizedClient("This client may not log people in.")
    if "none" in asked.prompt:
        raise LoginRequired("The person must be asked.")
    resource = server.resources.find(asked.resources)
    return Flow(
        flow_id=new_flow_id(),
        client=client.to_travel(),
        redirect_uri=redirect_uri,
        resource=resource.resource,
        server=resource.name,
        scopes=resource.narrow(asked.scopes, client),
        code_challenge=asked.code_challenge,
        browser=browser,
        state=way_back.state,
        login_hint=asked.login_hint,
        dpop_key=asked.dpop_key,
        question=server.consents.question(
            client, redirect_uri, resource, login_asks=server.login.asks_each_time
        ),
    )
