"""Asking a token endpoint: RFC 6749 §4.1.3, §5 and §6, RFC 7009."""

import base64
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote_plus

from gateway.client.failure import ClientFailure, Refused
from gateway.client.tokens.logins import Registration, Tokens
from gateway.client.urls import origin_of
from gateway.client.web import Web, WebAnswer, WebRequest
from gateway.errors import GatewayError
from gateway.identity.token.leniency import parse_number
from gateway.oauth.bearer import parse_authorization

_MAX_SHOWN = 200


def authenticate(
    registration: Registration, form: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The headers and the form by which a client says who it is: RFC 6749 §2.3.1."""
    headers, secret = {"Accept": "application/json"}, registration.client_secret or ""
    # Beside Basic too: the official Python SDK's server looks for it in the form only.
    named = {**form, "client_id": registration.client_id}
    match registration.method:
        case "none":
            return headers, named
        case "client_secret_post":
            return headers, {**named, "client_secret": secret}
        case "client_secret_basic":
            # Each is form-encoded first, so that a colon in the id is no separator.
            pair = f"{quote_plus(registration.client_id)}:{quote_plus(secret)}"
            encoded = base64.b64encode(pair.encode()).decode("ascii")
            return {**headers, "Authorization": f"Basic {encoded}"}, named


async def ask(
    web: Web, endpoint: str, registration: Registration, form: Mapping[str, str]
) -> WebAnswer:
    """Post a form as this client."""
    headers, whole = authenticate(registration, form)
    return await web.send(WebRequest(endpoint, "POST", headers, form=whole))


async def exchange(
    web: Web, endpoint: str, registration: Registration, form: Mapping[str, str], now: float
) -> Tokens:
    """Exchange a grant for tokens. Raises `Refused`, and `ClientFailure` for strange answers."""
    answer = await ask(web, endpoint, registration, form)
    document = answer.document
    # Some answer an error with 200.
    if answer.status != HTTPStatus.OK or document is None or "error" in document:
        code = str((document or {}).get("error", ""))
        raise Refused(code, f"{origin_of(endpoint)} gives no token: {error_text(answer)}")
    return parse_tokens(document, now)


def parse_tokens(document: Mapping[str, object], now: float) -> Tokens:
    """Read a token response: RFC 6749 §5.1. Raises `ClientFailure` when it cannot be used."""
    token, kind = document.get("access_token"), document.get("token_type")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise ClientFailure(f"the token is of the type {kind}, which this client cannot present")
    if not isinstance(token, str) or not _is_presentable(token):
        raise ClientFailure("the token endpoint sent something that is no access token")
    lifetime_s = parse_number(document.get("expires_in"))
    refresh, scope = document.get("refresh_token"), document.get("scope")
    return Tokens(
        access_token=token,
        issued_at=now,
        expires_at=now + float(lifetime_s) if isinstance(lifetime_s, int | float) else None,
        refresh_token=refresh if isinstance(refresh, str) and refresh else None,
        scopes=tuple(scope.split()) if isinstance(scope, str) else None,
    )


def error_text(answer: WebAnswer) -> str:
    """What an error answer says, for people."""
    document = answer.document or {}
    said = [document.get(name) for name in ("error", "error_description")]
    words = ": ".join(each for each in said if isinstance(each, str) and each)
    return words[:_MAX_SHOWN] or f"status {answer.status}"


def _is_presentable(token: str) -> bool:
    # What is no token could end the header that it is sent in.
    try:
        return parse_authorization([f"Bearer {token}"]) is not None
    except GatewayError:
        return False
