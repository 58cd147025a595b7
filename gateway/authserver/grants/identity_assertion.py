"""Assertions of a company's provider about a person, for one client here, called ID-JAG.

draft-ietf-oauth-identity-assertion-authz-grant, by the grant of RFC 7523 §2.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.oauth.errors import InvalidGrant

ASSERTION_TYPE = "oauth-id-jag+jwt"
REQUIRED_CLAIMS = ("iss", "sub", "aud", "client_id", "jti", "exp", "iat")
MAX_LIFETIME_S = 3600.0  # how long it has to be remembered that one was used


@dataclass(frozen=True, slots=True)
class IdentityAssertion:
    """What one allows beside the person; `scopes` is None where it limits none."""

    assertion_id: str
    resources: tuple[str, ...]
    scopes: frozenset[str] | None


def parse_identity_assertion(claims: Mapping[str, object], client_id: str) -> IdentityAssertion:
    """Read the claims of a verified one. Raises `InvalidGrant` when it is another client's."""
    if claims.get("client_id") != client_id:
        raise InvalidGrant("The assertion is for another client.", reason="assertion_client")
    assertion_id, scope = claims.get("jti"), claims.get("scope")
    named = claims.get("resource")
    resources = named if isinstance(named, list) else [] if named is None else [named]
    texts = [each for each in resources if isinstance(each, str)]
    if not isinstance(assertion_id, str) or len(texts) != len(resources):
        raise InvalidGrant("The assertion is malformed.", reason="assertion_bad")
    if scope is not None and not isinstance(scope, str):
        raise InvalidGrant("The assertion is malformed.", reason="assertion_bad")
    return IdentityAssertion(
        assertion_id, tuple(texts), None if scope is None else frozenset(scope.split())
    )
