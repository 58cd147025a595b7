"""What the endpoints of the authorization server share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from gateway.authserver.clients.known import KnownClients
from gateway.authserver.device.device_codes import DeviceCodes
from gateway.authserver.flows.browser import Browsers
from gateway.authserver.flows.consents import Consents
from gateway.authserver.grants.grants import Grants
from gateway.authserver.grants.identity_assertions import IdentityAssertions
from gateway.authserver.login.login_method import LoginMethod
from gateway.authserver.resources import Resources
from gateway.authserver.sealed_values import SealedValues
from gateway.authserver.steps import Steps
from gateway.config.login.provider import CALLBACK_PATH
from gateway.pages.brand import UNBRANDED, Brand
from gateway.policy.limit import RateLimit
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
DEVICE = "/device"
DEVICE_AUTHORIZATION = "/device_authorization"
ENDPOINTS = (
    AUTHORIZE, TOKEN, REGISTER, REVOKE, INTROSPECT, CONSENT, LOGIN, CALLBACK, DEVICE,
    DEVICE_AUTHORIZATION,
)  # fmt: skip
# Tries at user codes, and requests for some, of one network: RFC 8628 §5.1.
_DEVICE_TRIES = (30, 60.0)


def endpoint_url(issuer: str, path: str) -> str:
    """The URL of an endpoint."""
    return issuer.rstrip("/") + path


@dataclass(frozen=True, slots=True)
class AuthorizationServer:
    """The built-in authorization server.

    `address_of` is who sends a request, for limits: the peer, or whom trusted proxies name.
    `devices` is None where only browsers log in.
    `scope_descriptions` say in the operator's words what a scope allows.
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
    assertions: IdentityAssertions
    consents: Consents
    clocks: Clocks = field(default_factory=Clocks)
    brand: Brand = UNBRANDED
    scope_descriptions: Mapping[str, str] = field(default_factory=dict)
    address_of: Callable[[web.Request], str] = field(default=lambda request: "")
    devices: DeviceCodes | None = None
    device_tries: RateLimit = field(default_factory=lambda: RateLimit(*_DEVICE_TRIES))

    def url(self, path: str) -> str:
        """The URL of an endpoint."""
        return endpoint_url(self.issuer, path)
