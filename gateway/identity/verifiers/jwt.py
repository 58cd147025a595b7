"""JWT access tokens: RFC 9068, RFC 7519, RFC 8725."""

from collections.abc import Iterable
from dataclasses import replace

from gateway.config.issuer import Issuer
from gateway.identity.keys.jwks import KeySource
from gateway.identity.keys.signature import check_signature
from gateway.identity.principal import Principal
from gateway.identity.token.access_token import check_claims, expectations
from gateway.identity.token.caller_rules import CallerRules
from gateway.identity.token.claimed import vouched
from gateway.identity.token.claims import build_principal
from gateway.identity.token.compact import is_jwt_shaped, parse_compact
from gateway.identity.token.token_issuers import TokenIssuers
from gateway.identity.verifiers.group_lookup import GroupLookups


class JwtVerifier:
    """Verifies the tokens of one issuer for one server, which `audiences` name.

    `groups` finds the groups that did not fit into a token.
    """

    def __init__(
        self,
        issuer: Issuer,
        audiences: Iterable[str],
        keys: KeySource,
        groups: GroupLookups | None = None,
    ) -> None:
        self._issuers = TokenIssuers(issuer)
        self._claims = issuer.claims
        self._rules = CallerRules(issuer.require, issuer.callers)
        self._keys = keys
        self._groups = groups
        self._expected = expectations(issuer, audiences)

    async def verify(self, token: str, now: float) -> Principal | None:
        """A principal; None for an opaque token or one that names another issuer."""
        if not is_jwt_shaped(token):
            return None
        parsed = parse_compact(token)
        issuer = self._issuers.match(parsed.claims)
        if issuer is None:
            return None
        signing_key = await check_signature(parsed, self._expected, self._keys)
        with vouched(parsed.claims, issuer):
            expires_at = check_claims(parsed.claims, self._expected, now)
            principal = build_principal(issuer, parsed.claims, self._claims, expires_at)
            principal = replace(self._rules.apply(principal), signing_key=signing_key)
        if principal.groups is None and self._groups is not None:
            return await self._groups.complete(principal)
        return principal
