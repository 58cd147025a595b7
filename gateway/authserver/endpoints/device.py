"""`GET` and `POST /device`: a person types the code of their device. RFC 8628 §3.3."""

from aiohttp import web

from gateway.authserver.answers import page_answer
from gateway.authserver.device.device_codes import DeviceRequest
from gateway.authserver.device.user_code import parse_user_code, show_user_code
from gateway.authserver.endpoints.consent import consent_view
from gateway.authserver.endpoints.device_authorization import offered_devices, spend_try
from gateway.authserver.flows.flow import Flow
from gateway.authserver.flows.flow_values import close_flow, new_flow_id
from gateway.authserver.forms import form_of
from gateway.authserver.server import DEVICE, AuthorizationServer
from gateway.pages.consent import consent_page
from gateway.pages.device import DeviceView, device_page

_UNKNOWN = "No device waits for this code. Look at it again; after ten minutes it is over."


async def device(server: AuthorizationServer, request: web.Request) -> web.StreamResponse:
    """Show the form, and after it the consent page; from there on it is a login as any.

    A code in the link is shown and not taken: the person compares it (§5.4).
    Raises `AccessDenied` for another page's form, `NotFound` and `RateLimited`.
    """
    devices = offered_devices(server)
    if request.method != "POST":
        typed = parse_user_code(request.query.get("user_code", ""))
        return _form(server, "" if typed is None else show_user_code(typed))
    server.browsers.check_own_form(request)
    spend_try(server, request)
    typed = parse_user_code((await form_of(request)).get("user_code") or "")
    now = server.clocks.wall()
    asked = None if typed is None else await devices.find(typed, now)
    if typed is None or asked is None:
        return _form(server, "" if typed is None else show_user_code(typed), _UNKNOWN)
    browser = server.browsers.known_or_new(request)
    flow = _flow(asked, show_user_code(typed), browser)
    sealed = close_flow(server.sealed, flow, "asked", now)
    response = page_answer(consent_page(consent_view(server, flow, sealed), server.brand))
    server.browsers.remember(response, browser)
    return response


def _form(
    server: AuthorizationServer, user_code: str, error: str | None = None
) -> web.StreamResponse:
    view = DeviceView(server.url(DEVICE), user_code=user_code, error=error)
    return page_answer(device_page(view, server.brand), 200 if error is None else 400)


def _flow(asked: DeviceRequest, user_code: str, browser: str) -> Flow:
    return Flow(
        flow_id=new_flow_id(),
        client=asked.client,
        redirect_uri="",
        resource=asked.resource,
        server=asked.server,
        scopes=asked.scopes,
        code_challenge=asked.code_challenge,
        browser=browser,
        device_id=asked.device_id,
        user_code=user_code,
    )
