"""Service account tokens that the Kubernetes API server checks: authentication.k8s.io/v1."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from http import HTTPStatus

from gateway.config.issuer import Claims, Issuer
from gateway.errors import InvalidToken
from gateway.identity.principal import Principal
from gateway.identity.provider.bearer_file import BearerFile
from gateway.identity.provider.fetch import Answer, Call
from gateway.identity.provider.provider import Provider
from gateway.identity.provider.question import SAMPLE_TOKEN, Question, Sample
from gateway.identity.token.access_token import moment
from gateway.identity.token.caller_rules import CallerRules
from gateway.identity.token.claimed import vouched
from gateway.identity.token.claims import build_principal
from gateway.identity.token.compact import parse_compact
from gateway.identity.token.foreign import is_for_another_issuer
from gateway.identity.token.mismatch import mismatched
from gateway.identity.token.token_issuers import TokenIssuers

API_VERSION = "authentication.k8s.io/v1"
_ANSWERED = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})


class TokenReviewVerifier:
    """Has tokens reviewed for one server, which `audiences` name; `bearer` is the gateway's own."""

    def __init__(
        self, issuer: Issuer, audiences: Iterable[str], provider: Provider, bearer: BearerFile
    ) -> None:
        if issuer.token_review is None:
            raise ValueError("an issuer without token_review")
        self._issuer = issuer
        self._settings = issuer.token_review
        self._audiences = frozenset(audiences)
        self._issuers = TokenIssuers(issuer)
        self._rules = CallerRules(issuer.require, issuer.callers)
        self._provider = provider
        self._bearer = bearer

    async def verify(self, token: str, now: float) -> Principal | None:
        """A principal; None for a token that the cluster does not know."""
        if is_for_another_issuer(token, self._issuer, self._issuers):
            return None
        status = await self._review(token)
        # A token that the API server does not even read is one that it does not know.
        if status.get("authenticated") is not True:
            return None
        claims = _claims(status)
        named = claims.get("aud")
        with vouched(claims, self._issuer.issuer):
            if not isinstance(named, list) or self._audiences.isdisjoint(named):
                raise mismatched("wrong_audience", "aud", self._audiences, named)
            principal = build_principal(self._issuer.issuer, claims, Claims(), _expiry(token))
            principal = self._rules.apply(principal)
        return replace(principal, scheme="token_review", remember_s=self._settings.cache)

    async def _review(self, token: str) -> Mapping[str, object]:
        sample = Sample(lambda: self._call(SAMPLE_TOKEN), _is_review)
        answer = await self._provider.ask(Question(self._call(token), _is_review, sample))
        if not _is_review(answer) or not isinstance(answer.document, dict):
            return {}
        status = answer.document.get("status")
        return status if isinstance(status, dict) else {}

    def _call(self, token: str) -> Call:
        review = {
            "apiVersion": API_VERSION,
            "kind": "TokenReview",
            "spec": {"token": token, "audiences": sorted(self._audiences)},
        }
        return Call(self._settings.url, "POST", self._bearer.header(), json=review)


def _is_review(answer: Answer) -> bool:
    return answer.status in _ANSWERED and isinstance(answer.document, dict)


def _claims(status: Mapping[str, object]) -> dict[str, object]:
    """The answer's user in the words of claims; strings only where strings are expected."""
    user = status.get("user")
    members = user if isinstance(user, dict) else {}
    audiences = status.get("audiences")
    found = {
        "sub": members.get("username"),
        "uid": members.get("uid"),
        "groups": members.get("groups"),
        "extra": members.get("extra"),
        "aud": [each for each in audiences if isinstance(each, str)]
        if isinstance(audiences, list)
        else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _expiry(token: str) -> float | None:
    # The API server has just verified it; read here only so that no verdict outlives it.
    try:
        return moment(parse_compact(token).claims, "exp")
    except InvalidToken:
        return None
