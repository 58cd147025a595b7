"""Asks a provider whether it issued a token to one client; other clients' tokens are not for us."""

import base64
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

from gateway.config.issuer import AudienceCheck, Userinfo
from gateway.identity.provider.fetch import Answer, Call
from gateway.identity.provider.provider import Provider
from gateway.identity.provider.question import SAMPLE_TOKEN, Question, Sample
from gateway.identity.reasons import refused
from gateway.identity.token.access_token import check_audience
from gateway.identity.token.claims import find_claim

_NOT_ISSUED = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY})


async def check_user_audience(
    settings: Userinfo,
    document: Mapping[str, object],
    token: str,
    audiences: frozenset[str],
    provider: Provider,
) -> None:
    """Raise `InvalidToken` unless a token is for us whose user `document` describes.

    It does not say whom the token is for: that needs a proof of its own.
    """
    if settings.audience_claim is not None:
        check_audience(find_claim(document, settings.audience_claim), audiences)
    elif settings.audience_check is not None:
        if not await was_issued_to(settings.audience_check, provider, token):
            raise refused("wrong_audience")
    elif not settings.insecure_accept_any_audience:
        raise refused("wrong_audience")


async def was_issued_to(settings: AudienceCheck, provider: Provider, token: str) -> bool:
    """Whether the provider says so. Raises `IdentityUnavailable` when it does not say."""
    sample = Sample(lambda: _call(settings, SAMPLE_TOKEN), _is_expected)
    answer = await provider.ask(Question(_call(settings, token), _is_expected, sample))
    if answer.status != HTTPStatus.OK or not isinstance(answer.document, dict):
        return False
    return find_claim(answer.document, settings.claim) == settings.client_id


def _call(settings: AudienceCheck, token: str) -> Call:
    secret = settings.client_secret.get_secret_value()
    pair = base64.b64encode(f"{settings.client_id}:{secret}".encode()).decode("ascii")
    return Call(
        settings.url.replace("{client_id}", quote(settings.client_id, safe="")),
        "POST",
        {"Authorization": f"Basic {pair}"},
        json={"access_token": token},
    )


def _is_expected(answer: Answer) -> bool:
    is_issued = answer.status == HTTPStatus.OK and isinstance(answer.document, dict)
    return is_issued or answer.status in _NOT_ISSUED
