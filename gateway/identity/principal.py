"""Who is calling, as far as a verified token says."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller that some verifier vouches for.

    `issuer` and `subject` together identify it; nothing else does (OIDC Core §5.7).
    `expires_at` is in Unix seconds, None when the credential does not expire.
    `claims` holds what the token said, for identity headers that name a claim.
    """

    issuer: str
    subject: str
    client_id: str | None = None
    scopes: frozenset[str] = frozenset()
    email: str | None = None
    name: str | None = None
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    expires_at: float | None = None
    claims: Mapping[str, object] = field(default_factory=dict, hash=False, repr=False)
