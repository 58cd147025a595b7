"""ID tokens: what a provider says about who logged in. OIDC Core §3.1.3.7, §12.2."""

import hmac
from collections.abc import Mapping

from gateway.config.issuer import Issuer
from gateway.identity.keys.jwks import KeySource
from gateway.identity.keys.signature import check_signature
from gateway.identity.reasons import refused
from gateway.identity.token.access_token import check_audience, check_required, check_times
from gateway.identity.token.access_token import expectations as build_expectations
from gateway.identity.token.compact import parse_compact
from gateway.identity.token.mismatch import mismatched
from gateway.identity.token.token_issuers import TokenIssuers

REQUIRED = ("iss", "sub", "aud", "exp", "iat")


class IdTokenVerifier:
    """Verifies the ID tokens that one issuer makes for one client."""

    def __init__(self, issuer: Issuer, client_id: str, keys: KeySource) -> None:
        self._issuer = issuer
        self._issuers = TokenIssuers(issuer)
        self._client_id = client_id
        self._keys = keys
        self._expected = build_expectations(issuer, (client_id,))

    async def verify(self, token: str, nonce: str | None, now: float) -> Mapping[str, object]:
        """The claims. `nonce` is what the request held, None where it held none.

        Raises `InvalidToken`, and `IdentityUnavailable` while the issuer's keys are not at hand.
        """
        parsed = parse_compact(token)
        claims = parsed.claims
        if self._issuers.match(claims) is None:
            raise mismatched("wrong_issuer", "iss", (self._issuer.issuer,), claims.get("iss"))
        await check_signature(parsed, self._expected, self._keys)
        check_required(claims, REQUIRED)
        if "events" in claims:  # a logout token: Back-Channel Logout §2.4
            raise refused("wrong_type")
        check_audience(claims["aud"], self._expected.audiences)
        self._check_party(claims)
        check_times(claims, self._expected, now)
        if nonce is not None:
            _check_nonce(claims.get("nonce"), nonce)
        return claims

    def _check_party(self, claims: Mapping[str, object]) -> None:
        """Raise `InvalidToken` for a token that another client of the issuer got."""
        audience, party = claims["aud"], claims.get("azp")
        is_shared = isinstance(audience, list) and len(audience) > 1
        if party is None and not is_shared:
            return
        if party != self._client_id:
            raise mismatched("wrong_audience", "azp", (self._client_id,), party)


def _check_nonce(said: object, nonce: str) -> None:
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise refused("claim_not_accepted")
