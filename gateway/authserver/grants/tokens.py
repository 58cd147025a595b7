"""Makes access tokens, and the answers that carry them: RFC 9068, RFC 6749 §5.1."""

from dataclasses import dataclass

from gateway.authserver.grants.families import Family
from gateway.identity.keys.local_issuer import Grant, LocalIssuer


@dataclass(frozen=True, slots=True)
class Made:
    """What one answer is made of: the same for all who ask for the same at once.

    `refresh_id` names the refresh token that goes with it.
    """

    token_id: str
    refresh_id: str
    made_at: float


class Tokens:
    """Signs for the resource of a family; `lifetime_s` is how long an access token lives."""

    def __init__(self, signer: LocalIssuer, lifetime_s: float) -> None:
        self._signer = signer
        self.lifetime_s = lifetime_s

    def access_token(
        self, family: Family, client_id: str, scopes: frozenset[str], made: Made
    ) -> str:
        """A token of a person."""
        person = family.person
        grant = Grant(
            subject=person.subject,
            audience=family.resource,
            client_id=client_id,
            scopes=scopes,
            email=person.email,
            name=person.name,
            groups=person.groups,
            roles=person.roles,
            lifetime_s=self.lifetime_s,
            session_id=family.family_id,
            auth_time=family.started_at,
            key_thumbprint=family.dpop_key,
            token_id=made.token_id,
            extra=person.claims,
        )
        return self._signer.issue(grant, made.made_at)

    def sign(self, grant: Grant, now: float) -> str:
        """A token that no person stands behind."""
        return self._signer.issue(grant, now)

    def answer(
        self, access_token: str, scopes: frozenset[str], dpop_key: str | None, left_s: float
    ) -> dict[str, object]:
        """The members of every answer; the granted scope is always told: RFC 6749 §3.3."""
        return {
            "access_token": access_token,
            "token_type": "DPoP" if dpop_key is not None else "Bearer",
            "expires_in": max(1, int(left_s)),
            "scope": " ".join(sorted(scopes)),
        }
