"""Logout tokens, by which an issuer tells that somebody's session is over.

OpenID Connect Back-Channel Logout 1.0 §2.4, §2.6.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.config.issuer import Issuer
from gateway.identity.keys.jwks import KeySource
from gateway.identity.keys.signature import check_signature
from gateway.identity.reasons import refused
from gateway.identity.token.access_token import Expectations, check_audience, check_times, moment
from gateway.identity.token.claims import parse_text
from gateway.identity.token.compact import parse_compact
from gateway.identity.token.token_issuers import TokenIssuers

EVENT = "http://schemas.openid.net/event/backchannel-logout"
# Many issuers leave `typ` out or write JWT; the event says what it is (§2.4).
_TYPES = frozenset({"logout+jwt", "jwt", ""})


@dataclass(frozen=True, slots=True)
class Logout:
    """Whose session is over: `subject`, `session_id` or both. Times in Unix seconds.

    `before`: tokens that were issued earlier are over too.
    """

    issuer: str
    token_id: str
    before: float
    expires_at: float
    subject: str | None
    session_id: str | None


class LogoutTokens:
    """Verifies the logout tokens of one issuer, which are for `clients`."""

    def __init__(self, issuer: Issuer, clients: tuple[str, ...], keys: KeySource) -> None:
        self._issuers = TokenIssuers(issuer)
        self._keys = keys
        self._expected = Expectations(
            audiences=frozenset(clients),
            algorithms=frozenset(issuer.algorithms),
            token_types=_TYPES,
            clock_skew_s=issuer.clock_skew,
        )

    async def verify(self, token: str, now: float) -> Logout:
        """What the token tells. Raises `InvalidToken`, and `IdentityUnavailable` without keys."""
        parsed = parse_compact(token)
        issuer = self._issuers.match(parsed.claims)
        if issuer is None:
            raise refused("wrong_issuer")
        await check_signature(parsed, self._expected, self._keys)
        _check_event(parsed.claims)
        check_audience(parsed.claims.get("aud"), self._expected.audiences)
        check_times(parsed.claims, self._expected, now)
        return _read(issuer, parsed.claims, now)


def _check_event(claims: Mapping[str, object]) -> None:
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise refused("wrong_type")
    # §2.4: so that no ID token can be taken for a logout token.
    if "nonce" in claims:
        raise refused("wrong_type")


def _read(issuer: str, claims: Mapping[str, object], now: float) -> Logout:
    issued_at, expires_at = moment(claims, "iat"), moment(claims, "exp")
    token_id = parse_text(claims, "jti")
    subject, session_id = parse_text(claims, "sub"), parse_text(claims, "sid")
    if issued_at is None or expires_at is None or token_id is None:
        raise refused("missing_claim")
    if subject is None and session_id is None:
        raise refused("missing_claim")
    return Logout(issuer, token_id, _before(issued_at, now), expires_at, subject, session_id)


def _before(issued_at: float, now: float) -> float:
    # Signed, so somebody did log out; a time that is none says nothing about when.
    moment_s = issued_at if issued_at > 0 else now
    # Times in tokens are whole seconds as a rule: one of the same second may well be older.
    return float(math.floor(moment_s) + 1)
