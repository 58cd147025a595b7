"""Tokens that are shown to an endpoint which answers with their user: OIDC Core §5.3 and alike."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from http import HTTPStatus

from gateway.config.issuer import Issuer, Userinfo
from gateway.errors import IdentityUnavailable
from gateway.identity.principal import Principal
from gateway.identity.provider.fetch import Answer, Call
from gateway.identity.provider.provider import Provider
from gateway.identity.provider.question import SAMPLE_TOKEN, Question, Sample
from gateway.identity.token.access_token import check_times, expectations
from gateway.identity.token.caller_rules import CallerRules
from gateway.identity.token.claimed import vouched
from gateway.identity.token.claims import build_principal
from gateway.identity.token.foreign import check_subject, is_for_another_issuer
from gateway.identity.token.leniency import normal_user
from gateway.identity.token.token_issuers import TokenIssuers
from gateway.identity.verifiers.audience_check import check_user_audience
from gateway.identity.verifiers.user_lists import read_all

Endpoint = Callable[[], Awaitable[str]]

# What providers answer to a token that they do not know: RFC 6750 §3.1, and their own habits.
_NOT_KNOWN = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
    }
)


class UserinfoVerifier:
    """Shows tokens to one issuer for one server, which `audiences` name."""

    def __init__(
        self, issuer: Issuer, audiences: Iterable[str], provider: Provider, endpoint: Endpoint
    ) -> None:
        if issuer.userinfo is None:
            raise ValueError("an issuer without userinfo")
        self._issuer = issuer
        self._settings: Userinfo = issuer.userinfo
        self._expected = expectations(issuer, audiences)
        self._issuers = TokenIssuers(issuer)
        self._rules = CallerRules(issuer.require, issuer.callers)
        self._provider = provider
        self._endpoint = endpoint

    async def verify(self, token: str, now: float) -> Principal | None:
        """A principal; None for a token that is another verifier's or not known to the issuer."""
        if is_for_another_issuer(token, self._issuer, self._issuers):
            return None
        document = await self._ask(token)
        if document is None:
            return None
        with vouched(document, self._issuer.issuer):
            principal = await self._read(document, token, now)
        return replace(principal, scheme="userinfo", remember_s=self._settings.cache)

    async def _read(self, document: Mapping[str, object], token: str, now: float) -> Principal:
        issuer = self._issuers.named_by(document)
        check_subject(document, token)
        audiences = self._expected.audiences
        await check_user_audience(self._settings, document, token, audiences, self._provider)
        expires_at = check_times(document, self._expected, now)
        principal = build_principal(issuer, document, self._issuer.claims, expires_at)
        return self._rules.apply(await self._look_up(principal, token))

    async def _ask(self, token: str) -> Mapping[str, object] | None:
        url = await self._endpoint()
        sample = Sample(lambda: self._call(url, SAMPLE_TOKEN), _is_expected)
        answer = await self._provider.ask(Question(self._call(url, token), _is_expected, sample))
        if answer.status != HTTPStatus.OK or not isinstance(answer.document, dict):
            return None
        return normal_user(answer.document, self._issuer.claims.subject)

    def _call(self, url: str, token: str) -> Call:
        if self._settings.send == "form":
            return Call(url, "POST", form={"access_token": token})
        return Call(url, headers=_bearer(token))

    async def _look_up(self, principal: Principal, token: str) -> Principal:
        for lookup in self._settings.lookups:
            found = await read_all(lookup, self._provider, _bearer(token))
            if lookup.into == "roles":
                if found is None:
                    raise IdentityUnavailable("The caller's roles are not known now.")
                principal = replace(principal, roles=_join(principal.roles, found))
            elif found is None or principal.groups is None:
                principal = replace(principal, groups=None)
            else:
                principal = replace(principal, groups=_join(principal.groups, found))
        return principal


def _is_expected(answer: Answer) -> bool:
    is_user = answer.status == HTTPStatus.OK and isinstance(answer.document, dict)
    return is_user or answer.status in _NOT_KNOWN


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _join(known: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *more)))
