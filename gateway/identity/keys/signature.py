"""Whether a compact token was signed by its issuer: RFC 7515 §5.2, RFC 8725 §3."""

from gateway.identity.keys.jwks import KeySource
from gateway.identity.reasons import refused
from gateway.identity.token.access_token import Expectations, check_header
from gateway.identity.token.compact import CompactToken


async def check_signature(token: CompactToken, expected: Expectations, keys: KeySource) -> str:
    """Check the header and the signature with the issuer's own key, and give its thumbprint.

    Raises `InvalidToken`, and `IdentityUnavailable` while the keys are not at hand.
    """
    algorithm = check_header(token.header, expected)
    kid = token.header.get("kid")
    key = await keys.key_for(kid if isinstance(kid, str) else None, algorithm)
    if not key.verify(token.signing_input, token.signature):
        raise refused("bad_signature")
    return key.thumbprint
