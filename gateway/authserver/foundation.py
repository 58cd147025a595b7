"""What the gateway gives to its authorization server."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from gateway.authserver.clients.clients import ClientSource
from gateway.authserver.grants.families import VoidTokens
from gateway.authserver.login.login_method import LoginBuilder
from gateway.authserver.resources import Resources
from gateway.authserver.steps import Steps
from gateway.identity.keys.local_issuer import LocalIssuer
from gateway.pages.brand import UNBRANDED, Brand
from gateway.resilience.clocks import Clocks
from gateway.store.store import Store


@dataclass(frozen=True, slots=True)
class Foundation:
    """What the server stands on.

    `key` is the sealing key, of which further keys are made; `void_tokens` ends the access tokens
    of a login that were issued already. `is_revoked` is told subject, client and a time: whether
    tokens since then are void.
    """

    signer: LocalIssuer
    key: bytes = field(repr=False)
    store: Store
    resources: Resources
    void_tokens: VoidTokens
    login: LoginBuilder
    address_of: Callable[[web.Request], str]
    is_revoked: Callable[[str, str, float], bool]
    steps: Steps = field(default_factory=Steps)
    clocks: Clocks = field(default_factory=Clocks)
    documents: Sequence[ClientSource] = ()
    brand: Brand = UNBRANDED
