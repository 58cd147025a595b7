"""Telling an issuer that a login is over: RFC 7009."""

from http import HTTPStatus

from gateway.client.failure import ClientFailure
from gateway.client.tokens.logins import Login
from gateway.client.tokens.token_endpoint import ask, error_text
from gateway.client.web import Web


async def revoke(web: Web, login: Login) -> None:
    """Revoke the refresh token first, which ends what came of it, then the access token.

    Raises `ClientFailure` when the issuer cannot be told or does not do it.
    """
    if login.revocation_endpoint is None:
        raise ClientFailure(f"{login.issuer} offers no revocation")
    tokens = {
        "refresh_token": login.tokens.refresh_token,
        "access_token": login.tokens.access_token,
    }
    for hint, token in tokens.items():
        if token is None:
            continue
        form = {"token": token, "token_type_hint": hint}
        answer = await ask(web, login.revocation_endpoint, login.registration, form)
        # What cannot be revoked by itself ends with the refresh token: RFC 7009 §2.2.1.
        unsupported = (answer.document or {}).get("error") == "unsupported_token_type"
        if answer.status != HTTPStatus.OK and not unsupported:
            raise ClientFailure(f"{login.issuer} did not revoke the {hint}: {error_text(answer)}")
