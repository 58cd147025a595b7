"""`POST /authorize/consent`: what the person decided about a client. It comes before any login."""

from dataclasses import replace

from aiohttp import web

from gateway.authserver.answers import page_answer
from gateway.authserver.flows.flow import Flow
from gateway.authserver.flows.flow_values import close_flow, open_flow
from gateway.authserver.flows.way_back import WayBack
from gateway.authserver.forms import form_of
from gateway.authserver.server import CONSENT, AuthorizationServer
from gateway.errors import AccessDenied, InvalidRequest
from gateway.oauth.redirect_uri import is_loopback_redirect, redirect_place
from gateway.pages.consent import REMEMBER, ConsentView, consent_page
from gateway.pages.forward import ForwardView, forward_page
from gateway.pages.success import SuccessView, success_page


async def consent(server: AuthorizationServer, request: web.Request) -> web.StreamResponse:
    """Go on to the login, or back to the client with `access_denied`.

    Raises `AccessDenied` for a form of another page or another browser.
    """
    server.browsers.check_own_form(request)
    form = await form_of(request)
    now = server.clocks.wall()
    flow = open_flow(
        server.sealed, form.require("flow"), "asked", server.browsers.known(request), now
    )
    match form.get("decision"):
        case "approve":
            if form.get(REMEMBER) is None:
                flow = replace(flow, question=None)
            sealed = close_flow(server.sealed, flow, "consented", now)
            response = await server.login.begin(flow, sealed)
            server.steps.done("consent")
            return response
        case "deny":
            return await _deny(server, flow)
        case _:
            raise InvalidRequest("Choose one of the two buttons.")


def ask_consent(server: AuthorizationServer, flow: Flow, now: float) -> web.Response:
    """Ask the person; nothing counts that somebody answered before."""
    asked = replace(flow, answered_by=None)
    sealed = close_flow(server.sealed, asked, "asked", now)
    return page_answer(consent_page(consent_view(server, asked, sealed), server.brand))


def consent_view(server: AuthorizationServer, flow: Flow, sealed: str) -> ConsentView:
    """What the person must know to decide."""
    client = flow.client
    return ConsentView(
        action=server.url(CONSENT),
        flow=sealed,
        client_name=client.shown_name,
        verified_host=client.verified_host,
        is_configured=client.kind == "configured",
        redirect_host=redirect_place(flow.redirect_uri) if flow.redirect_uri else "",
        is_loopback=is_loopback_redirect(flow.redirect_uri),
        server_title=server.resources.title(flow.server),
        resource=flow.resource,
        scopes=sorted(flow.scopes),
        user_code=flow.user_code,
        scope_descriptions=server.scope_descriptions,
        remember_s=None if flow.question is None else server.consents.lifetime_s,
    )


def way_back_of(server: AuthorizationServer, flow: Flow) -> WayBack:
    """How the answer of a flow gets to its client."""
    return WayBack(flow.client, flow.redirect_uri, flow.state, server.issuer)


async def _deny(server: AuthorizationServer, flow: Flow) -> web.Response:
    error = AccessDenied("The person did not allow it.", reason="consent_denied")
    server.steps.failed("consent", error, flow.client.client_id, "")
    if flow.device_id is not None and server.devices is not None:
        await server.devices.decide(flow.device_id, "", server.clocks.wall())
        return page_answer(
            success_page(SuccessView(flow.client.shown_name, denied=True), server.brand)
        )
    url = way_back_of(server, flow).failure(error)
    view = ForwardView(url, flow.client.shown_name, denied=True)
    return page_answer(forward_page(view, server.brand))
