"""Asks a provider whether it issued a token to one client; other clients' tokens are not for us."""

import base64
from http import HTTPStatus
from urllib.parse import quote

from gateway.config.issuer import AudienceCheck
from gateway.identity.provider.fetch import Answer, Call
from gateway.identity.provider.provider import Provider
from gateway.identity.provider.question import SAMPLE_TOKEN, Question, Sample
from gateway.identity.token.claims import find_claim

_NOT_ISSUED = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY})


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
