"""Which tokens must not be shown to an issuer: they are somebody else's. Pure."""

from gateway.config.issuer import Issuer
from gateway.errors import InvalidToken
from gateway.identity.compact import is_jwt_shaped, parse_compact
from gateway.identity.token_issuers import TokenIssuers


def is_for_another_issuer(token: str, issuer: Issuer, issuers: TokenIssuers) -> bool:
    """True for a JWT that is verified with keys, or that names another issuer.

    An issuer that is asked about a token gets to know it, so it only gets its own and those
    that name nobody.
    """
    if not is_jwt_shaped(token):
        return False
    if issuer.jwt:
        return True
    try:
        claims = parse_compact(token).claims
        return "iss" in claims and issuers.match(claims) is None
    except InvalidToken:
        return False
