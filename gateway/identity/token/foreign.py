"""Which tokens must not be shown to an issuer, and answers that are about others. Pure."""

from collections.abc import Mapping

from gateway.config.issuer import Issuer
from gateway.errors import InvalidToken
from gateway.identity.api_keys.api_key import is_key
from gateway.identity.reasons import refused
from gateway.identity.token.compact import CompactToken, is_jwt_shaped, parse_compact
from gateway.identity.token.token_issuers import TokenIssuers
from gateway.oauth.base64url import decode_base64url
from gateway.strict_json import parse_json_object


def is_for_another_issuer(token: str, issuer: Issuer, issuers: TokenIssuers) -> bool:
    """True for an API key, a JWT that is verified with keys or names another issuer, or for none.

    An issuer that is asked about a token gets to know it, so it only gets its own and those
    that name nobody.
    """
    if is_key(token):  # it opens every server of this gateway
        return True
    if not is_jwt_shaped(token):
        return False
    if issuer.jwt:
        return True
    try:
        parsed = parse_compact(token)
    except InvalidToken:
        return _is_signed(token)
    return _is_unsigned(parsed) or _names_another(parsed.claims, issuers)


def check_subject(document: Mapping[str, object], token: str) -> None:
    """Raise `InvalidToken` for an answer about somebody else: OIDC Core §5.3.2."""
    if not is_jwt_shaped(token) or "sub" not in document:
        return
    try:
        claimed = parse_compact(token).claims.get("sub")
    except InvalidToken:
        return
    if claimed is not None and str(claimed) != str(document["sub"]):
        raise refused("claim_not_accepted")


def _names_another(claims: Mapping[str, object], issuers: TokenIssuers) -> bool:
    try:
        return "iss" in claims and issuers.match(claims) is None
    except InvalidToken:  # of another tenant
        return True


def _is_unsigned(token: CompactToken) -> bool:
    """Whether it is a JWT that no issuer makes: RFC 7515 §4.1.1, RFC 8725 §3.2."""
    algorithm = token.header.get("alg")
    named = isinstance(algorithm, str) and algorithm.lower() != "none"
    return not named or not token.signature


def _is_signed(token: str) -> bool:
    """Whether a token that does not parse begins like a JWT; others only look like one."""
    try:
        header = parse_json_object(decode_base64url(token.partition(".")[0].encode("ascii")))
    except ValueError:
        return False
    return "alg" in header
