"""A provider's userinfo endpoint, or what stands for it: OIDC Core §5.3."""

from collections.abc import Mapping
from http import HTTPStatus

from gateway.authserver.login.login_method import LoginEnded
from gateway.authserver.login.provider.tokens import Endpoint
from gateway.config.login.provider import ProviderUserinfo
from gateway.errors import IdentityUnavailable
from gateway.identity.provider.fetch import Answer, Call
from gateway.identity.provider.provider import Provider
from gateway.identity.provider.question import SAMPLE_TOKEN, Question, Sample
from gateway.identity.provider.token_answer import parse_error
from gateway.identity.reasons import refused
from gateway.identity.token.leniency import normal_user
from gateway.identity.verifiers.user_lists import read_all

_REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class UserinfoFacts:
    """Asks with the access token of a login; `subject` is the claim that says who it is."""

    def __init__(
        self, settings: ProviderUserinfo, provider: Provider, url: Endpoint, subject: str
    ) -> None:
        self._settings = settings
        self._provider = provider
        self._url = url
        self._subject = subject

    async def facts(self, token: str, claims: Mapping[str, object] | None) -> dict[str, object]:
        """What the endpoint says about the person of `claims`, None where nothing is known yet.

        Raises `InvalidToken` when it is about somebody else, `LoginEnded` for a token that is
        not known any more, and `IdentityUnavailable`.
        """
        answer = await self._ask(await self._url(), token)
        if not isinstance(answer.document, dict):
            raise self._provider.unusable(f"userinfo: {parse_error(answer)}")
        told = normal_user(answer.document, self._subject)
        if claims is not None and told.get("sub") != claims["sub"]:
            raise refused("claim_not_accepted")  # OIDC Core §5.3.2: about somebody else
        if self._settings.emails_url is not None:
            told |= _chosen_email(await self._ask(self._settings.emails_url, token))
        return told

    async def groups(self, token: str) -> tuple[str, ...]:
        """The groups of every lookup. Raises `IdentityUnavailable` unless all are known."""
        found: list[str] = []
        for lookup in self._settings.lookups:
            listed = await read_all(lookup, self._provider, _bearer(token))
            if listed is None:
                raise IdentityUnavailable(
                    "The identity provider does not say of which groups you are.",
                    reason="groups_unknown",
                )
            found += listed
        return tuple(found)

    async def _ask(self, url: str, token: str) -> Answer:
        sample = Sample(lambda: Call(url, headers=_bearer(SAMPLE_TOKEN)), _is_expected)
        answer = await self._provider.ask(
            Question(Call(url, headers=_bearer(token)), _is_expected, sample)
        )
        if answer.status in _REFUSED:
            raise LoginEnded(
                "The identity provider ended the login: log in again.", reason="provider_ended"
            )
        if answer.status != HTTPStatus.OK:
            raise self._provider.unusable(f"userinfo: {parse_error(answer)}")
        return answer


def _is_expected(answer: Answer) -> bool:
    return answer.status == HTTPStatus.OK or answer.status in _REFUSED


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _chosen_email(answer: Answer) -> dict[str, object]:
    """The address that is the person's own; what else was said about one counts no more."""
    listed = answer.document if isinstance(answer.document, list) else []
    for each in listed:
        if isinstance(each, dict) and each.get("primary") is True and each.get("verified") is True:
            return {"email": each.get("email"), "email_verified": True}
    return {"email": None, "email_verified": False}
