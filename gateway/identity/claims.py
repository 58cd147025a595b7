"""From the claims of a verified token to a principal. Pure."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from gateway.config.model import Claims
from gateway.identity.principal import Principal
from gateway.identity.reasons import refused


def find_claim(claims: Mapping[str, object], path: str) -> object | None:
    """The value at `path`, or None.

    A claim of exactly that name comes first, so that `https://example.com/roles` works;
    otherwise the longest name before a dot that holds an object is descended into.
    """
    if path in claims:
        return claims[path]
    cut = path.rfind(".")
    while cut > 0:
        inner = claims.get(path[:cut])
        if isinstance(inner, dict):
            found = find_claim(inner, path[cut + 1 :])
            if found is not None:
                return found
        cut = path.rfind(".", 0, cut)
    return None


def build_principal(
    issuer: str, claims: Mapping[str, object], paths: Claims, expires_at: float | None
) -> Principal:
    """Map claims to a principal. Raises `InvalidToken` when no subject is named."""
    subject = _text(claims, paths.subject)
    if subject is None:
        raise refused("missing_claim")
    return Principal(
        issuer=issuer,
        subject=subject,
        client_id=_first_text(claims, paths.client_id),
        scopes=_scopes(claims, paths.scopes),
        email=_text(claims, paths.email),
        name=_text(claims, paths.name),
        groups=_texts(find_claim(claims, paths.groups)),
        roles=_texts(find_claim(claims, paths.roles)),
        expires_at=expires_at,
        claims=MappingProxyType(dict(claims)),
    )


def _text(claims: Mapping[str, object], path: str) -> str | None:
    value = find_claim(claims, path)
    return value if isinstance(value, str) and value else None


def _first_text(claims: Mapping[str, object], paths: Sequence[str]) -> str | None:
    return next((text for path in paths if (text := _text(claims, path))), None)


def _scopes(claims: Mapping[str, object], paths: Sequence[str]) -> frozenset[str]:
    # The first claim that is there decides; a union would let a second claim widen it.
    value = next((found for path in paths if (found := find_claim(claims, path)) is not None), None)
    if isinstance(value, str):  # RFC 8693 §4.2: separated by spaces, not by any white space
        return frozenset(scope for scope in value.split(" ") if scope)
    return frozenset(_texts(value))


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    if isinstance(value, list):
        return tuple(item for item in value if isinstance(item, str) and item)
    return ()
