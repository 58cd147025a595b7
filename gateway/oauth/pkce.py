"""Proof Key for Code Exchange, S256 only: RFC 7636, RFC 9700 §2.1.1."""

import hashlib
import hmac
import re

from gateway.errors import InvalidRequest
from gateway.oauth.base64url import encode_base64url
from gateway.oauth.errors import InvalidGrant
from gateway.oauth.parameters import Parameters

METHODS = ("S256",)
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # §4.1
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # §4.2: 32 octets in base64url


def build_code_challenge(code_verifier: str) -> str:
    """RFC 7636 §4.2.

    >>> build_code_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    digest = hashlib.sha256(code_verifier.encode("ascii")).digest()
    return encode_base64url(digest).decode("ascii")


def parse_code_challenge(parameters: Parameters) -> str:
    """The challenge of an authorization request. Raises `InvalidRequest` for anything else."""
    challenge = parameters.get("code_challenge")
    if challenge is None:
        raise InvalidRequest("PKCE is needed: send code_challenge.", reason="pkce_missing")
    # Without a method it would be `plain` (§4.3), which protects from nobody who sees the request.
    if parameters.get("code_challenge_method") not in METHODS:
        raise InvalidRequest("code_challenge_method must be S256.", reason="pkce_method")
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidRequest("The code_challenge is malformed.", reason="pkce_malformed")
    return challenge


def check_code_verifier(verifier: str | None, challenge: str) -> None:
    """Raise `InvalidGrant` unless the verifier is the one that the challenge was made of (§4.6)."""
    if verifier is None or not _VERIFIER.fullmatch(verifier):
        raise InvalidGrant("The code_verifier is missing or malformed.", reason="pkce_verifier")
    if not hmac.compare_digest(build_code_challenge(verifier), challenge):
        raise InvalidGrant("The code_verifier does not fit.", reason="pkce_verifier")
