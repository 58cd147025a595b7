"""`POST /token`: RFC 6749 §3.2."""

from aiohttp import web

from gateway.authserver.answers import json_answer
from gateway.authserver.clients.client import Client
from gateway.authserver.endpoints.device_authorization import offered_devices
from gateway.authserver.forms import form_of
from gateway.authserver.grants.client_credentials import GRANT_TYPE, grant_to_client
from gateway.authserver.grants.codes import CodeExchange
from gateway.authserver.grants.identity_assertions import (
    JWT_BEARER_GRANT,
    PresentedIdentityAssertion,
)
from gateway.authserver.grants.refresh_tokens import RefreshRequest
from gateway.authserver.server import AuthorizationServer
from gateway.authserver.steps import Step
from gateway.oauth.authorization_request import parse_scope
from gateway.oauth.client_authentication import parse_client
from gateway.oauth.errors import UnauthorizedClient, UnsupportedGrantType
from gateway.oauth.parameters import Parameters
from gateway.oauth.registration import DEVICE_GRANT

GRANT_TYPES = ("authorization_code", "refresh_token", GRANT_TYPE)


def grant_types_of(server: AuthorizationServer) -> tuple[str, ...]:
    """The grants that are offered."""
    devices = () if server.devices is None else (DEVICE_GRANT,)
    assertions = () if server.login.assertions is None else (JWT_BEARER_GRANT,)
    return (*GRANT_TYPES, *devices, *assertions)


async def token(server: AuthorizationServer, request: web.Request) -> web.Response:
    """Answer a grant with tokens. Raises what RFC 6749 §5.2 and its heirs name."""
    form = await form_of(request)
    now = server.clocks.wall()
    presented = parse_client(request.headers.getall("Authorization", ()), form)
    client = await server.known.authenticator.authenticate(presented, now)
    proofs = request.headers.getall("DPoP", ())
    dpop_key = server.grants.proofs.key_of(proofs, client.client_id, now)
    grant_type = form.require("grant_type")
    if grant_type not in grant_types_of(server):
        raise UnsupportedGrantType("This grant_type is not offered.")
    if grant_type not in client.grant_types:
        raise UnauthorizedClient("The client did not register this grant_type.")
    answer = await _grant(server, client, form, dpop_key, now)
    server.steps.done(step_of(grant_type))
    return json_answer(answer)


def step_of(grant_type: str | None) -> Step:
    """What the step is called in the log."""
    return "refresh" if grant_type == "refresh_token" else "token"


async def _grant(
    server: AuthorizationServer,
    client: Client,
    form: Parameters,
    dpop_key: str | None,
    now: float,
) -> dict[str, object]:
    match form.require("grant_type"):
        case "authorization_code":
            exchange = CodeExchange(
                form.require("code"),
                client,
                form.get("redirect_uri"),
                form.get("code_verifier"),
                _resource(server, form),
                dpop_key,
            )
            return await server.grants.codes.exchange(exchange, now)
        case "refresh_token":
            refresh = RefreshRequest(
                form.require("refresh_token"),
                client,
                _resource(server, form),
                parse_scope(form),
                dpop_key,
            )
            return await server.grants.refresh_tokens.refresh(refresh, server.login, now)
        case grant if grant == DEVICE_GRANT:
            return await _exchange_for_device(server, client, form, dpop_key, now)
        case grant if grant == JWT_BEARER_GRANT and server.login.assertions is not None:
            asserted = PresentedIdentityAssertion(
                form.require("assertion"), client, form.resources, parse_scope(form), dpop_key
            )
            return await server.assertions.exchange(server.login.assertions, asserted, now)
        case _:
            resource = server.resources.find(form.resources)
            asked = (parse_scope(form), dpop_key)
            return grant_to_client(server.grants.tokens, client, resource, asked, now)


async def _exchange_for_device(
    server: AuthorizationServer,
    client: Client,
    form: Parameters,
    dpop_key: str | None,
    now: float,
) -> dict[str, object]:
    devices = offered_devices(server)
    code, verifier = await devices.poll(form.require("device_code"), client.client_id, now)
    exchange = CodeExchange(code, client, None, verifier, _resource(server, form), dpop_key)
    return await server.grants.codes.exchange(exchange, now)


def _resource(server: AuthorizationServer, form: Parameters) -> str | None:
    """The audience that is meant; None where the client names none. Raises `InvalidTarget`."""
    return server.resources.find(form.resources).resource if form.resources else None
