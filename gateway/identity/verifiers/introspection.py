"""Tokens that only their issuer can read: OAuth 2.0 Token Introspection, RFC 7662."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from http import HTTPStatus

from gateway.config.issuer import Issuer
from gateway.identity.principal import Principal
from gateway.identity.provider.client_auth import ClientAuth
from gateway.identity.provider.fetch import Answer, Call
from gateway.identity.provider.provider import Provider
from gateway.identity.provider.question import SAMPLE_TOKEN, Question, Sample
from gateway.identity.reasons import refused
from gateway.identity.token.access_token import check_audience, check_times, expectations
from gateway.identity.token.caller_rules import CallerRules
from gateway.identity.token.claimed import vouched
from gateway.identity.token.claims import build_principal, find_claim
from gateway.identity.token.foreign import is_for_another_issuer
from gateway.identity.token.leniency import normal_answer
from gateway.identity.token.token_issuers import TokenIssuers
from gateway.resilience.clocks import Clocks

Endpoint = Callable[[], Awaitable[str]]

# What issuers call an access token here; `refresh_token` and `id_token` are among the others.
_TOKEN_TYPES = frozenset(
    {"bearer", "dpop", "access_token", "at+jwt", "urn:ietf:params:oauth:token-type:access_token"}
)
# Some issuers call a refresh token a bearer token too and tell them apart in one of these.
_KIND_MEMBERS = ("token_use", "typ")
_FOREIGN_KINDS = frozenset({"id", "id_token", "refresh", "refresh_token", "offline", "logout"})


class IntrospectionVerifier:
    """Asks one issuer about tokens for one server, which `audiences` name."""

    def __init__(
        self,
        issuer: Issuer,
        audiences: Iterable[str],
        provider: Provider,
        auth: ClientAuth,
        endpoint: Endpoint,
        clocks: Clocks,
    ) -> None:
        self._issuer = issuer
        self._expected = expectations(issuer, audiences)
        self._issuers = TokenIssuers(issuer)
        self._rules = CallerRules(issuer.require, issuer.callers)
        self._provider = provider
        self._auth = auth
        self._endpoint = endpoint
        self._clocks = clocks
        settings = issuer.introspection
        self._remember_s = settings.cache if settings is not None else None

    async def verify(self, token: str, now: float) -> Principal | None:
        """A principal; None for a token that is another verifier's or not known to the issuer."""
        if is_for_another_issuer(token, self._issuer, self._issuers):
            return None
        document = await self._ask(token)
        if document is None:
            return None
        active = document.get("active")
        if active is False:
            return None
        # RFC 7662 §2.2: a boolean. "true" and 1 are mistakes that must not let anybody in.
        if active is not True:
            raise refused("inactive")
        with vouched(document, self._issuer.issuer):
            return self._read(document, now)

    async def _ask(self, token: str) -> Mapping[str, object] | None:
        url = await self._endpoint()
        sample = Sample(lambda: self._call(url, SAMPLE_TOKEN), _is_introspection)
        question = Question(self._call(url, token), _is_introspection, sample)
        answer = await self._provider.ask(question)
        # RFC 7662 §2.2 wants `active: false` for any token; some refuse what is none to them.
        if not isinstance(answer.document, dict) or not _is_introspection(answer):
            return None
        return normal_answer(answer.document)

    def _call(self, url: str, token: str) -> Call:
        form = {"token": token, "token_type_hint": "access_token"}
        headers, form = self._auth.apply(form, self._clocks.wall())
        return Call(url, "POST", headers, form)

    def _read(self, document: Mapping[str, object], now: float) -> Principal:
        # `active` says that the token exists, not that it is meant for this server.
        issuer = self._issuers.named_by(document)
        audience = find_claim(document, self._expected.audience_claim)
        check_audience(audience, self._expected.audiences)
        expires_at = check_times(document, self._expected, now)
        _check_type(document)
        principal = build_principal(issuer, document, self._issuer.claims, expires_at)
        principal = self._rules.apply(principal)
        return replace(principal, scheme="introspection", remember_s=self._remember_s)


def _is_introspection(answer: Answer) -> bool:
    return answer.status == HTTPStatus.OK and isinstance(answer.document, dict)


def _check_type(document: Mapping[str, object]) -> None:
    token_type = document.get("token_type", "bearer")
    if not isinstance(token_type, str) or token_type.lower() not in _TOKEN_TYPES:
        raise refused("wrong_type")
    kinds = (document.get(name) for name in _KIND_MEMBERS)
    if any(isinstance(kind, str) and kind.lower() in _FOREIGN_KINDS for kind in kinds):
        raise refused("wrong_type")
