"""From the claims of a verified token to a principal. Pure."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from gateway.config.issuer import Claims
from gateway.identity.principal import Confirmation, Principal
from gateway.identity.reasons import refused

# Of a name such as `email`, `cognito:email` or `https://example.com/email`.
_LAST_NAME = re.compile(r"[^./:]*\Z")

# How issuers say what kind of token it is: RFC 7662 §2.2, and Keycloak in its JWTs.
_TYPE_CLAIMS = ("token_type", "typ")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]")


def find_claim(claims: Mapping[str, object], path: str) -> object | None:
    """The value at `path`, or None.

    A claim of exactly that name comes first, so that `https://example.com/roles` works;
    otherwise the longest name before a dot that holds an object is descended into.
    """
    members, name = _place_of(claims, path)
    return members.get(name)


def _place_of(claims: Mapping[str, object], path: str) -> tuple[Mapping[str, object], str]:
    """The object that `path` leads to, and the name of the claim in it."""
    if path in claims:
        return claims, path
    cut = path.rfind(".")
    while cut > 0:
        inner = claims.get(path[:cut])
        if isinstance(inner, dict):
            members, name = _place_of(inner, path[cut + 1 :])
            if members.get(name) is not None:
                return members, name
        cut = path.rfind(".", 0, cut)
    return claims, path


def build_principal(
    issuer: str, claims: Mapping[str, object], paths: Claims, expires_at: float | None
) -> Principal:
    """Map claims to a principal.

    Raises `InvalidToken` when no subject is named, and for a token that is bound to something
    nobody here can check.
    """
    subject = parse_text(claims, paths.subject)
    if subject is None:
        raise refused("missing_claim")
    is_partial = any(find_claim(claims, mark) for mark in paths.groups_overage)
    issued_at = claims.get("iat")
    return Principal(
        issuer=issuer,
        subject=subject,
        client_id=_first_text(claims, paths.client_id),
        scopes=_scopes(claims, paths.scopes),
        email=parse_text(claims, paths.email),
        email_verified=_is_email_verified(claims, paths),
        name=parse_text(claims, paths.name),
        groups=None if is_partial else _gather(claims, paths.groups),
        roles=_gather(claims, paths.roles),
        expires_at=expires_at,
        claims=MappingProxyType(dict(claims)),
        issued_at=float(issued_at) if isinstance(issued_at, int | float) else None,
        token_id=parse_text(claims, "jti"),
        session_id=parse_text(claims, "sid"),
        confirmation=parse_confirmation(claims),
    )


def parse_confirmation(claims: Mapping[str, object]) -> Confirmation | None:
    """What a caller must show beside the token, None for a bearer token: RFC 7800 §3.1.

    Raises `InvalidToken` for every method that is not understood: whoever stole such a token
    could use it as a bearer token (RFC 9449 §7.2, RFC 8705 §3).
    """
    if "cnf" not in claims:
        # It says that it is bound to a key, and not to which: RFC 9449 §5, §6.
        if any(_is_dpop(claims.get(name)) for name in _TYPE_CLAIMS):
            raise refused("sender_constrained")
        return None
    confirmation = claims["cnf"]
    if isinstance(confirmation, dict) and len(confirmation) == 1:
        ((method, value),) = confirmation.items()
        if method == "jkt" and isinstance(value, str):
            return Confirmation(key_thumbprint=value)
        if method == "x5t#S256" and isinstance(value, str):
            return Confirmation(certificate_thumbprint=value)
    raise refused("sender_constrained")


def _is_dpop(value: object) -> bool:
    return isinstance(value, str) and value.lower() == "dpop"


def parse_text(claims: Mapping[str, object], path: str) -> str | None:
    """The text at `path`; None for anything else and for an empty one."""
    value = find_claim(claims, path)
    return value if isinstance(value, str) and value else None


def _is_email_verified(claims: Mapping[str, object], paths: Claims) -> bool:
    if paths.email_verified == "always":
        return True
    # Beside the address: what a claim elsewhere says may be about another one.
    members, name = _place_of(claims, paths.email)
    said = members.get(_LAST_NAME.sub("email_verified", name, count=1))
    return said is True or (paths.email_verified == "text" and said == "true")


def _first_text(claims: Mapping[str, object], paths: Sequence[str]) -> str | None:
    return next((text for path in paths if (text := parse_text(claims, path))), None)


def _scopes(claims: Mapping[str, object], paths: Sequence[str]) -> frozenset[str]:
    # The first claim that is there decides; a union would let a second claim widen it.
    value = next((found for path in paths if (found := find_claim(claims, path)) is not None), None)
    # RFC 8693 §4.2: separated by spaces, not by any white space
    scopes = value.split(" ") if isinstance(value, str) else _texts(value)
    # One scope here would be two to whoever reads them joined by spaces: RFC 6749 §3.3.
    if any(map(_BLANK.search, scopes)):
        raise refused("malformed")
    return frozenset(filter(None, scopes))


def _gather(claims: Mapping[str, object], paths: Sequence[str]) -> tuple[str, ...]:
    found = (text for path in paths for text in _texts(find_claim(claims, path)))
    return tuple(dict.fromkeys(found))


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    if isinstance(value, list):
        return tuple(item for item in value if isinstance(item, str) and item)
    return ()
