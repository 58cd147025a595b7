"""From a token to a principal: the remembered verdict, or the verifiers in their order."""

from collections.abc import Callable, Sequence

from gateway.errors import GatewayError, IdentityUnavailable
from gateway.identity.principal import Principal
from gateway.identity.reasons import refused
from gateway.identity.token.claimed import claimed_in
from gateway.identity.token.compact import is_jwt_shaped
from gateway.identity.token.mismatch import mismatched
from gateway.identity.verdict.cache import Recalled, VerdictCache, token_digest
from gateway.identity.verdict.slot import VerdictSlot
from gateway.identity.verifier import Verifier

NOT_MINE = "not mine"
# Hears what the verifier at a place of the chain said: `accepted`, `not mine` or a reason.
Said = Callable[[int, str], None]


def _unheard(place: int, said: str) -> None:
    """Nobody listens."""


class Authenticator:
    """The verifiers of one server.

    `chain_id` names them and what they check; two servers may share it only when they would
    decide alike about every token. `opaque`: some verifier reads tokens that are no JWTs.
    `clock_skew_s`: for how long after its `exp` some verifier still accepts a token. `on_said`
    hears each verifier that is asked. `trusted` are the issuers that refusals name to operators.
    """

    def __init__(
        self,
        chain_id: str,
        verifiers: Sequence[Verifier],
        cache: VerdictCache,
        *,
        opaque: bool = False,
        clock_skew_s: float = 0.0,
        on_said: Said = _unheard,
    ) -> None:
        self.trusted: Sequence[str] = ()
        self._on_said = on_said
        self._verifiers = tuple(verifiers)
        self._opaque = opaque
        self._clock_skew_s = clock_skew_s
        self._cache = cache
        self._chain_key = cache.chain_key(chain_id)

    def slot(self, token: str) -> VerdictSlot:
        """A place to keep the verdict on this token in."""
        return VerdictSlot(token_digest(self._chain_key, token), token)

    def verify_slot(self, slot: VerdictSlot, now: float) -> Recalled:
        """The remembered verdict without waiting: a principal, the refusal, or None."""
        return self._cache.verify_slot(slot, now)

    def cached(self, token: str, now: float) -> Principal | None:
        """The remembered verdict without waiting, None when there is none.

        Raises `InvalidToken` when the token was refused a moment ago.
        """
        return self._cache.get(token_digest(self._chain_key, token), now)

    def check_again(self, principal: Principal, now: float, slot: VerdictSlot) -> None:
        """Raise `InvalidToken` when the token has expired or was revoked since it was accepted.

        `slot` holds the verdict that the principal is from.
        """
        if principal.expires_at is not None and now >= principal.expires_at + self._clock_skew_s:
            raise refused("expired")
        self.check_revoked(principal, now, slot)

    def check_revoked(self, principal: Principal, now: float, slot: VerdictSlot) -> None:
        """Raise `InvalidToken` when the caller was revoked since the token was accepted.

        `slot` holds the verdict that the principal is from.
        """
        if not self._cache.is_current(slot):
            self._cache.check_revoked(principal, now)

    def asked_again_after_s(self, principal: Principal) -> float | None:
        """Seconds after which somebody else must confirm a verdict; None where nobody must."""
        return self._cache.asked_again_after_s(principal)

    async def authenticate(self, token: str, now: float) -> Principal:
        """Verify the token.

        Raises `InvalidToken`, and `IdentityUnavailable` when the only verifier that could
        accept the token cannot know.
        """
        key = token_digest(self._chain_key, token)
        return await self._cache.resolve(key, now, lambda: self._ask(token, now))

    async def _ask(self, token: str, now: float) -> Principal:
        try:
            return await self._ask_each(token, now)
        except GatewayError as error:
            error.claimed = error.claimed or claimed_in(token)
            raise

    async def _ask_each(self, token: str, now: float) -> Principal:
        unavailable: IdentityUnavailable | None = None
        for place, verifier in enumerate(self._verifiers):
            try:
                principal = await verifier.verify(token, now)
            except IdentityUnavailable as error:
                self._on_said(place, error.reason)
                unavailable = error
                continue
            except GatewayError as error:
                self._on_said(place, error.reason)
                raise
            self._on_said(place, NOT_MINE if principal is None else "accepted")
            if principal is not None:
                return principal
        if unavailable is not None:
            raise unavailable
        if is_jwt_shaped(token):
            named = claimed_in(token)
            issuer = None if named is None else named.issuer
            raise mismatched("wrong_issuer", "iss", self.trusted, issuer)
        raise refused("inactive" if self._opaque else "malformed")
