"""What the endpoints of the authorization server share."""

from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from gateway.authserver.clients.known import KnownClients
from gateway.authserver.flows.browser import Browsers
from gateway.authserver.grants.grants import Grants
from gateway.authserver.login.login_method import LoginMethod
from gateway.authserver.resources import Resources
from gateway.authserver.sealed_values import SealedValues
from gateway.authserver.steps import Steps
from gateway.config.login.provider import CALLBACK_PATH
from gateway.resilience.clocks import Clocks
from gateway.store.store import Store

# Where each endpoint is below the issuer. Clients that read no metadata guess the first three:
# MCP 2025-03-26, authorization, fallbacks.
AUTHORIZE = "/authorize"
TOKEN = "/token"  # noqa: S105  # a path
REGISTER = "/register"
REVOKE = "/revoke"
INTROSPECT = "/introspect"
CONSENT = "/authorize/consent"
LOGIN = "/authorize/login"
CALLBACK = CALLBACK_PATH
ENDPOINTS = (AUTHORIZE, TOKEN, REGISTER, REVOKE, INTROSPECT, CONSENT, LOGIN, CALLBACK)


def endpoint_url(issuer: str, path: str) -> str:
    """The URL of an endpoint."""
    return issuer.rstrip("/") + path


@dataclass(frozen=True, slots=True)
class AuthorizationServer:
    """The built-in authorization server.

    `address_of` is who sends a request, for limits: the peer, or whom trusted proxies name.
    """

    issuer: str
    resources: Resources
    known: KnownClients
    login: LoginMethod
    grants: Grants
    sealed: SealedValues
    store: Store
    steps: Steps
    browsers: Browsers
    clocks: Clocks = field(default_factory=Clocks)
    address_of: Callable[[web.Request], str] = field(default=lambda request: "")

    def url(self, path: str) -> str:
        """The URL of an endpoint."""
        return endpoint_url(self.issuer, path)
