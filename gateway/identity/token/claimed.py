"""Whom a refused credential names, so that the audit log can say who was turned away."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from gateway.errors import GatewayError, InvalidToken
from gateway.identity.principal import Principal
from gateway.identity.token.compact import is_jwt_shaped, parse_compact
from gateway.refusal_facts import Claimed

MAX_CHARS = 256


@contextmanager
def vouched(claims: Mapping[str, object], issuer: str | None = None) -> Iterator[None]:
    """Name the caller in every error from here on: the issuer has said who it is.

    `issuer` is what the claims are from when they do not say it themselves.
    """
    try:
        yield
    except GatewayError as error:
        error.claimed = error.claimed or _claimed(claims, issuer, verified=True)
        raise


def claimed_in(token: str) -> Claimed | None:
    """Whom a token names that nobody has verified; None when it cannot be read."""
    if not is_jwt_shaped(token):
        return None
    try:
        claims = parse_compact(token).claims
    except InvalidToken:
        return None
    return _claimed(claims, None, verified=False)


def claimed_of(principal: Principal) -> Claimed:
    """The caller of a verified credential that is refused all the same."""
    return Claimed(principal.subject, principal.issuer, principal.client_id, verified=True)


def _claimed(claims: Mapping[str, object], issuer: str | None, *, verified: bool) -> Claimed | None:
    subject, named = _text(claims.get("sub")), _text(claims.get("iss")) or issuer
    client_id = _text(claims.get("client_id")) or _text(claims.get("azp"))
    if subject is None and named is None and client_id is None:
        return None
    return Claimed(subject, named, client_id, verified)


def _text(value: object) -> str | None:
    return value[:MAX_CHARS] if isinstance(value, str) and value else None
