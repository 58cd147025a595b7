"""Asks a provider whether it issued a token to one client; other clients' tokens are not for us."""

import base64
from http import HTTPStatus
from urllib.parse import quote

from gateway.config.issuer import AudienceCheck
from gateway.identity.claims import find_claim
from gateway.identity.fetch import Call
from gateway.identity.provider import Provider
from gateway.identity.token_answer import read_error

_NOT_ISSUED = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY})


async def was_issued_to(settings: AudienceCheck, provider: Provider, token: str) -> bool:
    """Whether the provider says so. Raises `IdentityUnavailable` when it does not say."""
    secret = settings.client_secret.get_secret_value()
    pair = base64.b64encode(f"{settings.client_id}:{secret}".encode()).decode("ascii")
    call = Call(
        settings.url.replace("{client_id}", quote(settings.client_id, safe="")),
        "POST",
        {"Authorization": f"Basic {pair}"},
        json={"access_token": token},
    )
    answer = await provider.ask(call)
    if answer.status in _NOT_ISSUED:
        return False
    if answer.status != HTTPStatus.OK or not isinstance(answer.document, dict):
        raise provider.misconfigured(f"audience check: {read_error(answer)}")
    return find_claim(answer.document, settings.claim) == settings.client_id
