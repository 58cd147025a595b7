"""What a JWT must say to be an access token for this server: RFC 9068 §4, RFC 8725. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.config.issuer import Issuer
from gateway.identity.reasons import refused
from gateway.identity.token.claims import find_claim
from gateway.identity.token.mismatch import mismatched

# Claims of ID tokens (OIDC Core §2, §3.3.2.11) and logout tokens (Back-Channel Logout §2.4).
_FOREIGN_CLAIMS = frozenset({"nonce", "at_hash", "c_hash", "s_hash", "events"})
# Issuers that give every JWT the same `typ` header say its kind in one of these claims.
_KIND_CLAIMS = ("token_use", "typ")
_FOREIGN_KINDS = frozenset({"id", "refresh", "offline", "logout"})

# Every NumericDate up to here is an exact float; RFC 7519 §2 needs no more.
_LAST_MOMENT = 2**53


@dataclass(frozen=True, slots=True)
class Expectations:
    """What one issuer's tokens must be for one server; `*_s` in seconds."""

    audiences: frozenset[str]
    algorithms: frozenset[str]
    token_types: frozenset[str]
    audience_claim: str = "aud"
    required_claims: tuple[str, ...] = ("iss", "exp", "aud", "sub")
    clock_skew_s: float = 60.0
    max_lifetime_s: float | None = None


def expectations(issuer: Issuer, audiences: Iterable[str]) -> Expectations:
    """What the tokens of `issuer` must be for the server that `audiences` name."""
    return Expectations(
        audiences=frozenset(audiences),
        algorithms=frozenset(issuer.algorithms),
        token_types=frozenset(normal_token_type(typ) for typ in issuer.token_types),
        audience_claim=issuer.audience_claim,
        required_claims=issuer.required_claims,
        clock_skew_s=issuer.clock_skew,
        max_lifetime_s=issuer.max_lifetime,
    )


def normal_token_type(typ: str) -> str:
    """RFC 7515 §4.1.9: case does not count and `application/` may be left out."""
    folded = typ.lower()
    rest = folded.removeprefix("application/")
    return folded if "/" in rest else rest


def check_header(header: Mapping[str, object], expected: Expectations) -> str:
    """Check what can be checked before a key is chosen and return the algorithm.

    Members that carry or locate a key (`jwk`, `jku`, `x5c`, `x5u`) mean nothing here:
    keys come from the issuer alone (RFC 8725 §3.10).
    """
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in expected.algorithms:
        raise mismatched("bad_algorithm", "alg", expected.algorithms, algorithm)
    if "crit" in header or "b64" in header:  # no extension is understood: RFC 7515 §4.1.11
        raise refused("malformed")
    if not isinstance(header.get("kid", ""), str):
        raise refused("malformed")
    typ = header.get("typ", "")
    if not isinstance(typ, str) or normal_token_type(typ) not in expected.token_types:
        raise mismatched("wrong_type", "typ", expected.token_types, header.get("typ"))
    if "cty" in header:  # a nested token: RFC 7519 §5.2
        raise refused("wrong_type")
    return algorithm


def check_claims(claims: Mapping[str, object], expected: Expectations, now: float) -> float | None:
    """Check the claims of a token whose signature holds; return `exp`, None when it has none."""
    check_required(claims, expected.required_claims)
    _check_kind(claims)
    check_audience(find_claim(claims, expected.audience_claim), expected.audiences)
    return check_times(claims, expected, now)


def check_required(claims: Mapping[str, object], required: tuple[str, ...]) -> None:
    """Raise `InvalidToken` when a claim is missing, or `sub` is no text."""
    if any(claims.get(name) is None for name in required):
        raise refused("missing_claim")
    if not isinstance(claims.get("sub", ""), str) or claims.get("sub") == "":
        raise refused("malformed")


def _check_kind(claims: Mapping[str, object]) -> None:
    if foreign := _FOREIGN_CLAIMS.intersection(claims):
        raise mismatched("wrong_type", "claims", ("an access token",), sorted(foreign))
    for name in _KIND_CLAIMS:
        kind = claims.get(name)
        if isinstance(kind, str) and kind.lower() in _FOREIGN_KINDS:
            raise mismatched("wrong_type", name, ("an access token",), kind)


def check_audience(audience: object, accepted: frozenset[str]) -> None:
    """Raise `InvalidToken` unless one of `accepted` is named, exactly: RFC 7519 §4.1.3."""
    if audience is None:  # meant for nobody is not meant for us
        raise mismatched("wrong_audience", "aud", accepted, None)
    named = audience if isinstance(audience, list) else [audience]
    if not all(isinstance(member, str) for member in named):
        raise refused("malformed")
    if accepted.isdisjoint(named):
        raise mismatched("wrong_audience", "aud", accepted, audience)


def check_times(claims: Mapping[str, object], expected: Expectations, now: float) -> float | None:
    """Check `exp`, `nbf` and `iat` as far as they are there; return `exp`."""
    expires_at, not_before, issued_at = (moment(claims, name) for name in ("exp", "nbf", "iat"))
    if expires_at is not None and now >= expires_at + expected.clock_skew_s:
        raise refused("expired")
    latest = now + expected.clock_skew_s
    if any(each is not None and each > latest for each in (not_before, issued_at)):
        raise refused("not_yet_valid")
    _check_lifetime(issued_at, expires_at, expected.max_lifetime_s)
    return expires_at


def _check_lifetime(
    issued_at: float | None, expires_at: float | None, max_lifetime_s: float | None
) -> None:
    if max_lifetime_s is None:
        return
    if issued_at is None or expires_at is None:
        raise refused("missing_claim")
    if expires_at - issued_at > max_lifetime_s:
        raise refused("lifetime_too_long")


def moment(claims: Mapping[str, object], name: str) -> float | None:
    """A NumericDate in Unix seconds, None when it is not there: RFC 7519 §2."""
    if name not in claims:
        return None
    value = claims[name]
    # JSON true is an int to Python.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refused("malformed")
    if abs(value) > _LAST_MOMENT:
        raise refused("malformed")
    return float(value)
