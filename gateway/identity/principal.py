"""Who is calling, as far as a verified token says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.observability.audit.outcome import Scheme


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a caller must show beside the token: RFC 7800.

    `key_thumbprint` is that of a DPoP key (RFC 9449 §6.1), `certificate_thumbprint` that of a
    TLS client certificate (RFC 8705 §3.1). One of them is given.
    """

    key_thumbprint: str | None = None
    certificate_thumbprint: str | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller that some verifier vouches for.

    `issuer` and `subject` together identify it; nothing else does (OIDC Core §5.7).
    `email_verified` is True when the issuer says that the address is the caller's (OIDC Core §5.7).
    `groups` is None when nobody knows them now, which is not the same as none.
    `expires_at` and `issued_at` are in Unix seconds, None when the credential does not say.
    `claims` holds what the token said, for identity headers that name a claim. `remember_s`
    is how long the verdict may be remembered, None as long as the gateway's own settings say.
    `signing_key` is the thumbprint of the issuer's key that the token was verified with, None
    where there was none.
    """

    issuer: str
    subject: str
    client_id: str | None = None
    scopes: frozenset[str] = frozenset()
    email: str | None = None
    name: str | None = None
    groups: tuple[str, ...] | None = ()
    roles: tuple[str, ...] = ()
    expires_at: float | None = None
    claims: Mapping[str, object] = field(default_factory=dict, hash=False, repr=False)
    scheme: Scheme = field(default="jwt", hash=False)
    issued_at: float | None = field(default=None, hash=False)
    token_id: str | None = field(default=None, hash=False)
    session_id: str | None = field(default=None, hash=False)
    confirmation: Confirmation | None = field(default=None, hash=False)
    remember_s: float | None = field(default=None, hash=False, compare=False)
    signing_key: str | None = field(default=None, hash=False, compare=False)
    email_verified: bool = field(default=False, hash=False)


def owner_of(principal: Principal | None) -> tuple[str, ...]:
    """Whose something is: issuer, subject and client together.

    One client id is shared by many users (attack S7). Empty without a token.
    """
    if principal is None:
        return ()
    client = () if principal.client_id is None else (principal.client_id,)
    return (principal.issuer, principal.subject, *client)
