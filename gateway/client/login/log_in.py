"""Logging in to a protected MCP server, from its URL to tokens: MCP authorization."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gateway.client.discovery.find import find_authorization_server, find_resource
from gateway.client.discovery.published import AuthorizationServer, ProtectedResource
from gateway.client.failure import ClientFailure
from gateway.client.login.authorization import (
    SECRET_BYTES,
    AuthorizationRequest,
    build_authorization_url,
    check_pkce,
    choose_scopes,
)
from gateway.client.login.callback import PATH, listening_callback
from gateway.client.login.device import DeviceFlow
from gateway.client.login.registration import GivenClient, find_registration
from gateway.client.mcp.session import ask_without_token
from gateway.client.tokens.logins import Login, Registration, Tokens
from gateway.client.tokens.token_endpoint import exchange
from gateway.client.web import Web

# Never opened: what a client registers that logs in by a device code.
_NO_CALLBACK = f"http://127.0.0.1{PATH}"


@dataclass(frozen=True, slots=True)
class LoginWishes:
    """What a person asked for. `issuer` is None for the server's first, `port` 0 for any."""

    client: GivenClient = field(default_factory=GivenClient)
    scopes: Sequence[str] = ()
    issuer: str | None = None
    port: int = 0
    device: bool = False


@dataclass(frozen=True, slots=True)
class Terminal:
    """How the person is reached: `tell` prints a line, `browse` opens a page where that works."""

    tell: Callable[[str], None]
    browse: Callable[[str], object]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the login happens: found before anything is asked of a person."""

    server_url: str
    resource: str
    server: AuthorizationServer
    scopes: Sequence[str]


async def log_in(web: Web, server_url: str, wishes: LoginWishes, terminal: Terminal) -> Login:
    """Find the issuer, be its client, have a person log in, and exchange the code for tokens.

    Raises `ClientFailure`, also for a server that needs no token.
    """
    place = await _find_place(web, server_url, wishes)
    if wishes.device:
        registration, tokens = await _by_device(web, place, wishes, terminal)
    else:
        registration, tokens = await _by_browser(web, place, wishes, terminal)
    return Login(
        issuer=place.server.issuer,
        resource=place.resource,
        server_url=server_url,
        registration=registration,
        token_endpoint=place.server.needed_endpoint("token_endpoint"),
        tokens=tokens,
        revocation_endpoint=place.server.endpoint("revocation_endpoint"),
        logged_in_at=time.time(),
    )


async def _find_place(web: Web, server_url: str, wishes: LoginWishes) -> _Place:
    answer = await ask_without_token(web, server_url)
    published = await find_resource(web, server_url, answer.challenge)
    if published is None and not answer.refused:
        raise answer.failure or ClientFailure(f"{server_url} needs no token")
    published = published or ProtectedResource(server_url)
    server = await find_authorization_server(web, server_url, published, wishes.issuer)
    challenged = answer.challenge.scopes if answer.challenge is not None else ()
    scopes = choose_scopes(wishes.scopes, challenged, published, server)
    return _Place(server_url, published.resource, server, scopes)


async def _by_browser(
    web: Web, place: _Place, wishes: LoginWishes, terminal: Terminal
) -> tuple[Registration, Tokens]:
    endpoint = place.server.needed_endpoint("token_endpoint")
    place.server.needed_endpoint("authorization_endpoint")
    check_pkce(place.server)
    async with listening_callback(wishes.port) as callback:
        registration = await find_registration(
            web, place.server, wishes.client, callback.redirect_uri, place.scopes
        )
        sent = AuthorizationRequest(
            place.server,
            place.resource,
            callback.redirect_uri,
            place.scopes,
            state=secrets.token_urlsafe(SECRET_BYTES),
            code_verifier=secrets.token_urlsafe(SECRET_BYTES),
        )
        url = build_authorization_url(sent, registration.client_id)
        terminal.tell(f"Log in at {place.server.issuer} in your browser; if none opens, go to:")
        terminal.tell(url)
        terminal.browse(url)
        code = await callback.wait_for_code(sent)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": sent.redirect_uri,
        "code_verifier": sent.code_verifier,
        "resource": sent.resource,
    }
    return registration, await exchange(web, endpoint, registration, form, time.time())


async def _by_device(
    web: Web, place: _Place, wishes: LoginWishes, terminal: Terminal
) -> tuple[Registration, Tokens]:
    endpoint = place.server.endpoint("device_authorization_endpoint")
    if endpoint is None:
        raise ClientFailure(
            f"{place.server.issuer} has no device login; log in without --device: the printed URL"
            " can be opened where a browser reaches this machine"
        )
    registration = await find_registration(
        web, place.server, wishes.client, _NO_CALLBACK, place.scopes
    )
    token_endpoint = place.server.needed_endpoint("token_endpoint")
    flow = DeviceFlow(web, endpoint, token_endpoint, registration, place.resource)
    code = await flow.begin(place.scopes)
    terminal.tell(f"Go to {code.verification_uri} and type {code.user_code}")
    if code.complete_uri is not None:
        terminal.tell(f"or open {code.complete_uri}")
    return registration, await flow.wait(code)
