"""Why a token is refused: the closed set that metrics count, and words that a client may read."""

from typing import Literal, get_args

from gateway.errors import InvalidToken, SenderConstrained
from gateway.oauth.bearer import TOO_LONG

TokenReason = Literal[
    "malformed",
    "token_too_long",
    "wrong_issuer",
    "bad_algorithm",
    "wrong_type",
    "unknown_key",
    "bad_signature",
    "missing_claim",
    "wrong_audience",
    "expired",
    "not_yet_valid",
    "lifetime_too_long",
    "claim_not_accepted",
    "unmapped",
    "inactive",
    "revoked",
    "sender_constrained",
    "dpop_proof",
    "dpop_nonce",
]

TOKEN_REASONS: tuple[str, ...] = get_args(TokenReason)

# These depend on more than the token: a key may appear and a moment may come.
PASSING_REASONS: frozenset[str] = frozenset({"unknown_key", "not_yet_valid"})

# One text for both: else callers could probe which key ids exist.
_BAD_SIGNATURE = "The signature of the access token is not valid"

DESCRIPTIONS: dict[TokenReason, str] = {
    "malformed": "The access token is malformed",
    "token_too_long": TOO_LONG,
    "wrong_issuer": "The access token is not from a trusted issuer",
    "bad_algorithm": "The signature algorithm of the access token is not accepted",
    "wrong_type": "The token is not an access token",
    "unknown_key": _BAD_SIGNATURE,
    "bad_signature": _BAD_SIGNATURE,
    "missing_claim": "The access token lacks a required claim",
    "wrong_audience": "The access token was issued for another resource",
    "expired": "The access token expired",
    "not_yet_valid": "The access token is not valid yet",
    "lifetime_too_long": "The access token is valid for too long",
    "claim_not_accepted": "A claim of the access token is not accepted here",
    "unmapped": "No rule names the caller of the access token",
    "inactive": "The access token is not active",
    "revoked": "The access token is revoked",
    "sender_constrained": "The access token is bound to a key and is no bearer token",
    "dpop_proof": "This server takes tokens that are bound to a key, with a DPoP proof",
    "dpop_nonce": "The DPoP proof needs the nonce that comes with this answer",
}


def refused(reason: TokenReason) -> InvalidToken:
    """A fresh error for `reason`, with its fixed text."""
    error = SenderConstrained if reason == SenderConstrained.default_reason else InvalidToken
    return error(DESCRIPTIONS[reason], reason=reason)
