"""Logging in at a provider: authorization code flow with PKCE and nonce, as its one client."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

from gateway.authserver.answers import page_answer
from gateway.authserver.flows.flow import Flow
from gateway.authserver.login.login_method import AssertionVerifier, LoginSite, Person
from gateway.authserver.login.provider.arrival import Arrivals
from gateway.authserver.login.provider.recheck import Recheck
from gateway.authserver.login.provider.refusals import login_refused
from gateway.authserver.login.provider.request import LoginSecrets, build_login_url
from gateway.authserver.login.provider.response import (
    ExpectedIssuer,
    ProviderRefusal,
    check_issuer,
    parse_authorization_response,
)
from gateway.authserver.login.provider.state import LIFETIME_S, ProviderState
from gateway.authserver.login.provider.tokens import Endpoint, TokenEndpoint
from gateway.config.login.provider import LoginProvider
from gateway.errors import AccessDenied
from gateway.oauth.parameters import parse_parameters
from gateway.pages.forward import onward_page
from gateway.store.store import Store

ANSWERED = "answered-login"


@dataclass(frozen=True, slots=True)
class ProviderParts:
    """What the login asks with. `key` is what verifiers and nonces are derived from.

    `expected` says who must answer, as far as the provider's metadata tells.
    """

    tokens: TokenEndpoint
    arrivals: Arrivals
    authorization_url: Endpoint
    expected: Callable[[], Awaitable[ExpectedIssuer]]
    recheck: Recheck
    state: ProviderState
    store: Store
    key: bytes = field(repr=False)
    assertions: AssertionVerifier | None = None


class ProviderLogin:
    """Sends people to one provider, and asks it again about them at refreshes."""

    def __init__(self, settings: LoginProvider, parts: ProviderParts, site: LoginSite) -> None:
        self._settings = settings
        self._parts = parts
        self._site = site

    @property
    def asks_each_time(self) -> bool:
        """False: whoever has a session at the provider comes back at once."""
        return False

    @property
    def assertions(self) -> AssertionVerifier | None:
        """What verifies the provider's assertions, where the operator takes them."""
        return self._parts.assertions

    async def begin(self, flow: Flow, sealed: str) -> web.StreamResponse:
        """Send the browser on, by a page of our own: see `pages/forward.py`."""
        endpoint = await self._parts.authorization_url()
        state, cookie = self._parts.state.send(sealed)
        fixed = {"redirect_uri": self._site.callback_url, "state": state}
        if flow.login_hint is not None:
            fixed["login_hint"] = flow.login_hint
        url = build_login_url(self._settings, endpoint, fixed, self._secrets(sealed))
        response = page_answer(onward_page(url, self._site.brand))
        if cookie is not None:
            self._parts.state.remember(response, cookie, sealed)
        return response

    async def sealed_flow(self, request: web.Request) -> str:
        """The flow that the provider's response belongs to; there is none in a form."""
        return self._parts.state.receive(request) if request.method == "GET" else ""

    async def finish(self, request: web.Request, flow: Flow) -> Person:
        """Say who it was.

        Raises `AccessDenied` for a second response, one of another issuer and a refusal, and
        `InvalidRequest`, `IdentityUnavailable` and `StoreUnavailable`.
        """
        sealed = self._parts.state.receive(request)
        await self._use_up(sealed)
        parameters = parse_parameters(request.query.items())
        check_issuer(parameters, await self._parts.expected())
        code = parse_authorization_response(parameters)
        if isinstance(code, ProviderRefusal):
            raise login_refused(code)
        secrets = self._secrets(sealed)
        nonce = secrets.nonce if self._settings.id_token and self._settings.nonce else None
        tokens = await self._parts.tokens.exchange(
            code, secrets.code_verifier, self._site.callback_url
        )
        return await self._parts.arrivals.person(tokens, nonce)

    def forget(self, request: web.Request, response: web.StreamResponse) -> None:
        """Take the flow's cookie from the browser."""
        self._parts.state.forget(request, response)

    async def renew(self, person: Person, logged_in_at: float) -> Person:
        """The person as the provider knows them now, or knew them within `recheck`."""
        return await self._parts.recheck.renew(person)

    async def _use_up(self, sealed: str) -> None:
        """Take the first response to a request only, before its code goes anywhere.

        A provider that sees a code twice ends what came of it: RFC 6749 §4.1.2.
        """
        digest = hashlib.sha256(sealed.encode()).hexdigest()
        until = self._site.clocks.wall() + 2 * LIFETIME_S
        if not await self._parts.store.add(ANSWERED, digest, b"", until):
            raise AccessDenied(
                "This login was answered already. Start again in your client.",
                reason="flow_used",
            )

    def _secrets(self, sealed: str) -> LoginSecrets:
        return LoginSecrets.derive(self._parts.key, self._settings.issuer, sealed)
