"""`POST /device_authorization`: a device without a browser asks for codes. RFC 8628 §3.1, §3.2."""

from urllib.parse import urlencode

from aiohttp import web

from gateway.authserver.answers import json_answer
from gateway.authserver.device.device_codes import INTERVAL_S, LIFETIME_S, Asked, DeviceCodes
from gateway.authserver.device.user_code import show_user_code
from gateway.authserver.forms import form_of
from gateway.authserver.server import DEVICE, AuthorizationServer
from gateway.errors import NotFound, RateLimited
from gateway.http.peer import network_of
from gateway.oauth.authorization_request import parse_scope
from gateway.oauth.client_authentication import parse_client
from gateway.oauth.errors import UnauthorizedClient
from gateway.oauth.registration import DEVICE_GRANT


async def device_authorization(server: AuthorizationServer, request: web.Request) -> web.Response:
    """Answer with both codes.

    Raises `InvalidClient`, `UnauthorizedClient`, `InvalidTarget` and `RateLimited`.
    """
    devices = offered_devices(server)
    form = await form_of(request)
    now = server.clocks.wall()
    presented = parse_client(request.headers.getall("Authorization", ()), form)
    spend_try(server, request)
    # As at authorize: a client's document is fetched here, and nowhere later.
    await server.known.clients.find_client(presented.client_id, now)
    client = await server.known.authenticator.authenticate(presented, now)
    if DEVICE_GRANT not in client.grant_types:
        raise UnauthorizedClient("The client did not register the device grant.")
    resource = server.resources.find(form.resources)
    scopes = resource.narrow(parse_scope(form), client)
    asked = Asked(client, resource.resource, resource.name, scopes)
    device_code, user_code = await devices.issue(asked, now)
    shown, uri = show_user_code(user_code), server.url(DEVICE)
    server.steps.done("authorize")
    return json_answer(
        {
            "device_code": device_code,
            "user_code": shown,
            "verification_uri": uri,
            "verification_uri_complete": f"{uri}?{urlencode({'user_code': shown})}",
            "expires_in": int(LIFETIME_S),
            "interval": int(INTERVAL_S),
        }
    )


def offered_devices(server: AuthorizationServer) -> DeviceCodes:
    """What issues the codes. Raises `NotFound` where devices are not let in."""
    if server.devices is None:
        raise NotFound("Devices cannot log in here.")
    return server.devices


def spend_try(server: AuthorizationServer, request: web.Request) -> None:
    """Count a request, or a try at a code: RFC 8628 §5.1. Raises `RateLimited`."""
    network = network_of(server.address_of(request))
    wait_s = server.device_tries.take(network, server.clocks.monotonic())
    if wait_s > 0:
        raise RateLimited("Too many tries.", int(wait_s) + 1, reason="rate_limited")
