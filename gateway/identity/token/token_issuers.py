"""Which `iss` values an issuer's tokens have: one as a rule, one per tenant with some. Pure."""

from collections.abc import Mapping

from gateway.config.issuer import Issuer
from gateway.identity.principal import Principal
from gateway.identity.reasons import refused
from gateway.identity.token.claims import find_claim
from gateway.identity.token.mismatch import mismatched

TENANT = "{tenantid}"


class TokenIssuers:
    """The `iss` values that one issuer writes; nothing is normalized (RFC 9068 §4)."""

    def __init__(self, issuer: Issuer) -> None:
        templates = dict.fromkeys((issuer.issuer, *issuer.token_issuers))
        self._tenant_of: dict[str, str | None] = {
            each: None for each in templates if TENANT not in each
        }
        for tenant in issuer.tenants:
            for template in templates:
                if TENANT in template:
                    self._tenant_of[template.replace(TENANT, tenant)] = tenant
        self._tenant_claim = issuer.tenant_claim
        self._name = issuer.issuer if issuer.without_iss else None
        self._only = None if issuer.tenants else issuer.issuer

    def match(self, claims: Mapping[str, object]) -> str | None:
        """The issuer that the token names, None when it is none of these.

        Raises `InvalidToken` when the token's tenant is another than its issuer's.
        """
        named = claims.get("iss")
        if named is None:
            return self._name
        if not isinstance(named, str) or named not in self._tenant_of:
            return None
        tenant = self._tenant_of[named]
        if tenant is not None and find_claim(claims, self._tenant_claim) != tenant:
            raise refused("claim_not_accepted")
        return named

    def includes(self, principal: Principal) -> bool:
        """Whether a verified caller's token is this issuer's."""
        return principal.issuer in self._tenant_of or principal.issuer in (self._only, self._name)

    def named_by(self, answer: Mapping[str, object]) -> str:
        """The issuer of a token that an endpoint answered about.

        Such an answer may leave `iss` out; not where there are tenants, for then it may be
        about anybody's user. Raises `InvalidToken`.
        """
        if "iss" not in answer and self._only is not None:
            return self._only
        issuer = self.match(answer)
        if issuer is None:
            raise mismatched("wrong_issuer", "iss", self._tenant_of, answer.get("iss"))
        return issuer


def advertised_issuers(issuer: Issuer) -> list[str]:
    """The authorization servers that clients are sent to: one per tenant, or the only one."""
    if TENANT not in issuer.issuer:
        return [issuer.issuer]
    return [issuer.issuer.replace(TENANT, tenant) for tenant in issuer.tenants]
