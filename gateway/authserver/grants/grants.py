"""All ways to a token, and what ends them."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.authserver.grants.codes import Codes
from gateway.authserver.grants.families import Families, VoidTokens
from gateway.authserver.grants.proofs import Proofs
from gateway.authserver.grants.refresh_tokens import RefreshSettings, RefreshTokens
from gateway.authserver.grants.tokens import Tokens
from gateway.authserver.sealed_values import SealedValues
from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.identity.dpop.replay import ReplayCache
from gateway.identity.keys.local_issuer import LocalIssuer
from gateway.resilience.clocks import Clocks
from gateway.store.store import Store

PROOF_MAX_AGE_S = 60.0


@dataclass(frozen=True, slots=True)
class Grants:
    """What the endpoints that deal in tokens use."""

    codes: Codes
    refresh_tokens: RefreshTokens
    tokens: Tokens
    families: Families
    proofs: Proofs
    signer: LocalIssuer

    def family_of(self, token: str, client_id: str, now: float) -> str | None:
        """The login that a token of this client belongs to, None when it is nobody's."""
        refresh_token = self.refresh_tokens.open(token, client_id, now)
        if refresh_token is not None:
            return refresh_token.family.family_id
        claims = self.signer.read(token, now)
        if claims is None or claims.get("client_id") != client_id:
            return None
        family_id = claims.get("sid")
        return family_id if isinstance(family_id, str) else None

    async def live_claims(self, token: str, now: float) -> Mapping[str, object] | None:
        """The claims of an access token that counts. Raises `StoreUnavailable`."""
        claims = self.signer.read(token, now)
        if claims is None:
            return None
        family_id = claims.get("sid")
        if isinstance(family_id, str) and await self.families.has_ended(family_id):
            return None
        return claims


@dataclass(frozen=True, slots=True)
class GrantParts:
    """What grants are built from; `token_url` is what proofs must name."""

    signer: LocalIssuer
    sealed: SealedValues
    store: Store
    void_tokens: VoidTokens
    token_url: str
    clocks: Clocks


def build_grants(settings: Settings, parts: GrantParts) -> Grants:
    """Build every grant with its lifetimes."""
    lifetimes = RefreshSettings(
        settings.refresh_token, settings.refresh_idle, settings.refresh_grace
    )
    tokens = Tokens(parts.signer, settings.access_token)
    families = Families(parts.store, parts.void_tokens, settings.refresh_token)
    refresh_tokens = RefreshTokens(parts.sealed, parts.store, families, tokens, lifetimes)
    codes = Codes(parts.sealed, parts.store, families, tokens, refresh_tokens)
    replays = ReplayCache(parts.clocks, PROOF_MAX_AGE_S)
    proofs = Proofs(parts.token_url, replays, PROOF_MAX_AGE_S)
    return Grants(codes, refresh_tokens, tokens, families, proofs, parts.signer)
