"""JWT access tokens: RFC 9068, RFC 7519, RFC 8725."""

from collections.abc import Iterable

from gateway.config.model import Issuer
from gateway.identity.access_token import (
    Expectations,
    check_claims,
    check_header,
    normal_token_type,
)
from gateway.identity.claims import build_principal
from gateway.identity.compact import CompactToken, is_jwt_shaped, parse_compact
from gateway.identity.jwks import KeySource
from gateway.identity.principal import Principal
from gateway.identity.reasons import refused


class JwtVerifier:
    """Verifies the tokens of one issuer for one server, which `audiences` name."""

    def __init__(self, issuer: Issuer, audiences: Iterable[str], keys: KeySource) -> None:
        self._issuer = issuer.issuer
        self._claims = issuer.claims
        self._keys = keys
        self._expected = Expectations(
            audiences=frozenset(audiences),
            algorithms=frozenset(issuer.algorithms),
            token_types=frozenset(normal_token_type(typ) for typ in issuer.token_types),
            required_claims=issuer.required_claims,
            clock_skew_s=issuer.clock_skew,
            max_lifetime_s=issuer.max_lifetime,
        )

    async def verify(self, token: str, now: float) -> Principal | None:
        """A principal; None for an opaque token or one that names another issuer."""
        if not is_jwt_shaped(token):
            return None
        parsed = parse_compact(token)
        # Compared by code points, nothing is normalized: RFC 9068 §4, RFC 8725 §3.8.
        if parsed.claims.get("iss") != self._issuer:
            return None
        await self._check_signature(parsed)
        expires_at = check_claims(parsed.claims, self._expected, now)
        return build_principal(self._issuer, parsed.claims, self._claims, expires_at)

    async def _check_signature(self, parsed: CompactToken) -> None:
        algorithm = check_header(parsed.header, self._expected)
        kid = parsed.header.get("kid")
        key = await self._keys.key_for(kid if isinstance(kid, str) else None, algorithm)
        if not key.verify(parsed.signing_input, parsed.signature):
            raise refused("bad_signature")
