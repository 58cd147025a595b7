"""The authorization request to the provider, and what of it nobody has to store. Pure."""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlencode, urlsplit

from gateway.config.login.provider import LoginProvider
from gateway.oauth.base64url import encode_base64url
from gateway.oauth.pkce import build_code_challenge


@dataclass(frozen=True, slots=True)
class LoginSecrets:
    """The code verifier and the nonce of one request.

    Both follow from its `state`, so they need no place of their own, and from the provider's
    issuer, so that what was begun at one provider cannot end at another.
    """

    code_verifier: str = field(repr=False)
    nonce: str = field(repr=False)

    @classmethod
    def derive(cls, key: bytes, issuer: str, state: str) -> Self:
        """Derive both; `state` differs with each request, as it is sealed with a fresh nonce."""
        return cls(
            _derived(key, "code verifier", issuer, state), _derived(key, "nonce", issuer, state)
        )


def _derived(key: bytes, purpose: str, issuer: str, state: str) -> str:
    # No part holds a zero byte, so no two triples make the same text.
    said = "\0".join((f"login provider: {purpose}", issuer, state)).encode()
    return encode_base64url(hmac.digest(key, said, hashlib.sha256)).decode("ascii")


def build_login_url(
    settings: LoginProvider, endpoint: str, fixed: dict[str, str], secrets: LoginSecrets
) -> str:
    """Where the browser is sent. `fixed` are `redirect_uri`, `state` and perhaps `login_hint`."""
    parameters = {
        **settings.parameters,
        "response_type": "code",
        "client_id": settings.client_id,
        "scope": " ".join(settings.scopes),
        **fixed,
    }
    if settings.pkce:
        parameters["code_challenge"] = build_code_challenge(secrets.code_verifier)
        parameters["code_challenge_method"] = "S256"
    if settings.id_token and settings.nonce:
        parameters["nonce"] = secrets.nonce
    parts = urlsplit(endpoint)
    query = "&".join(filter(None, (parts.query, urlencode(parameters))))
    return parts._replace(query=query, fragment="").geturl()
