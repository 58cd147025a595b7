"""Verdicts on tokens, remembered for a while; never a token itself."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable

from cachetools import LRUCache, TLRUCache, TTLCache

from gateway.config.model import Cache
from gateway.errors import GatewayError, InvalidToken
from gateway.identity.principal import Principal
from gateway.identity.reasons import PASSING_REASONS
from gateway.identity.token.claimed import claimed_of
from gateway.identity.verdict.slot import Verdict, VerdictSlot
from gateway.refusal_facts import Claimed
from gateway.resilience.clocks import Clocks
from gateway.resilience.single_flight import SingleFlight

# A caller with more tokens than this at once merely keeps the oldest ones' verdicts to their end.
_TOKENS_PER_CALLER = 16

Caller = tuple[str, str, str | None]
# What is remembered of a token: whom it was accepted for, why it was refused, or nothing.
Recalled = Principal | InvalidToken | None
# Raises `InvalidToken` for a principal that was revoked; asked before a verdict is remembered.
Check = Callable[[Principal, float], None]


def _accept(principal: Principal, now: float) -> None:
    """Nothing is revoked."""


class VerdictCache:
    """Shared by all servers: a key covers the token and the chain of checks it was put to.

    Refusals live in a cache of their own, so that a flood of random tokens evicts nothing
    good. Lifetimes run on the monotonic clock, `exp` on the wall clock that comes as `now`.
    """

    def __init__(
        self, settings: Cache, flights: SingleFlight, clocks: Clocks, check: Check = _accept
    ) -> None:
        self._ttl_s = settings.positive_ttl
        self._flights = flights
        self._check = check
        self._monotonic = clocks.monotonic
        self._accepted: TLRUCache[bytes, Verdict] = TLRUCache(
            settings.positive_max, ttu=_expiry, timer=clocks.monotonic
        )
        self._refused: TTLCache[bytes, tuple[str, str, Claimed | None]] = TTLCache(
            settings.negative_max, ttl=settings.negative_ttl, timer=clocks.monotonic
        )
        self._by_caller: LRUCache[Caller, dict[bytes, float]] = LRUCache(settings.positive_max)
        self._secret = secrets.token_bytes(32)
        self._epoch = 0

    def chain_key(self, chain_id: str) -> bytes:
        """The secret under which the tokens of one chain of verifiers are filed."""
        return hashlib.blake2b(chain_id.encode(), key=self._secret, digest_size=32).digest()

    def is_current(self, slot: VerdictSlot) -> bool:
        """Whether nothing was forgotten since the verdict in `slot` was found.

        Whatever ends verdicts, a revocation, a key or an API key that is gone, makes the cache
        forget, so a verdict that is current need not be put to all of that again.
        """
        return slot.verdict is not None and slot.verdict.epoch == self._epoch

    def verify_slot(self, slot: VerdictSlot, now: float) -> Recalled:
        """As `recall`, for a slot that keeps what was found."""
        known = slot.principal(self._epoch, self._monotonic(), now)
        if known is not None:
            return known
        found = self.recall(slot.key, now)
        slot.verdict = self._accepted.get(slot.key) if isinstance(found, Principal) else None
        if slot.verdict is not None:
            slot.verdict.epoch = self._epoch  # whatever was forgotten since, this one was not
        return found

    def get(self, key: bytes, now: float) -> Principal | None:
        """The caller whose token was accepted, None when it must be verified (again).

        Raises `InvalidToken` for a token that was refused a moment ago.
        """
        found = self.recall(key, now)
        if isinstance(found, InvalidToken):
            raise found
        return found

    def recall(self, key: bytes, now: float) -> Recalled:
        """What is remembered of a token that may still be said of it."""
        try:
            principal = self._accepted[key].principal
        except KeyError:
            refusal = self._refused.get(key)
            return None if refusal is None else _refusal(*refusal)
        # The wall clock may have been set forward since: then the verifier decides again.
        if principal.expires_at is not None and now >= principal.expires_at:
            return None
        return principal

    async def resolve(
        self, key: bytes, now: float, verify: Callable[[], Awaitable[Principal]]
    ) -> Principal:
        """Verify once for everybody who waits for `key`, and remember the verdict.

        `IdentityUnavailable` is no verdict and is not remembered.
        """
        return await self._flights.join(key, lambda: self._verify(key, now, verify))

    def asked_again_after_s(self, principal: Principal) -> float | None:
        """Seconds after which a verdict is asked for anew; None where nobody is asked but here."""
        if principal.remember_s is None and principal.scheme in ("jwt", "api_key"):
            return None
        return self._ttl_s if principal.remember_s is None else principal.remember_s

    def check_revoked(self, principal: Principal, now: float) -> None:
        """Raise `InvalidToken` when the caller was revoked since."""
        self._check(principal, now)

    def clear(self) -> None:
        """Forget everything: a key of some issuer is no longer trusted."""
        self._epoch += 1
        self._accepted.clear()
        self._refused.clear()
        self._by_caller.clear()

    def forget(self, concerns: Callable[[Principal], bool]) -> None:
        """Forget the verdicts on the principals that `concerns` picks, and all refusals.

        A refusal may rest on what has just changed; verdicts that are under way are not kept.
        """
        self._epoch += 1
        self._refused.clear()
        for key, verdict in list(self._accepted.items()):
            if concerns(verdict.principal):
                self._accepted.pop(key, None)

    async def _verify(
        self, key: bytes, now: float, verify: Callable[[], Awaitable[Principal]]
    ) -> Principal:
        epoch = self._epoch
        try:
            principal = await verify()
            self._check_again(principal, now)
        except InvalidToken as error:
            if epoch == self._epoch and error.reason not in PASSING_REASONS:
                self._refused[key] = (error.description, error.reason, error.claimed)
            raise
        # A verdict that began before `clear` may rest on the key that is gone.
        lifetime_s = self._lifetime_s(principal, now)
        if epoch == self._epoch and lifetime_s > 0:
            ends_at = self._monotonic() + lifetime_s
            self._accepted[key] = Verdict(principal, lifetime_s, ends_at, epoch)
            self._supersede(key, principal)
        return principal

    def _check_again(self, principal: Principal, now: float) -> None:
        try:
            self._check(principal, now)
        except GatewayError as error:
            error.claimed = claimed_of(principal)
            raise

    def _supersede(self, key: bytes, principal: Principal) -> None:
        """End the verdicts on older tokens of the same caller.

        After a refresh or a step-up, the issuer may no longer stand by the older one.
        """
        if principal.issued_at is None:
            return
        caller = (principal.issuer, principal.subject, principal.client_id)
        issued = self._by_caller.setdefault(caller, {})
        if key in issued:  # else a caller with two tokens would have them verified in turns
            return
        for other, issued_at in list(issued.items()):
            if issued_at < principal.issued_at:
                older = self._accepted.pop(other, None)
                if older is not None:
                    older.is_superseded = True
                del issued[other]
        if len(issued) < _TOKENS_PER_CALLER:
            issued[key] = principal.issued_at

    def _lifetime_s(self, principal: Principal, now: float) -> float:
        limits = [self._ttl_s]
        if principal.remember_s is not None:
            limits = [principal.remember_s]
        if principal.expires_at is not None:
            limits.append(principal.expires_at - now)
        return min(limits)


def token_digest(chain_key: bytes, token: str) -> bytes:
    """A key for `token` that tells nothing about it without the chain's secret."""
    return hashlib.blake2b(token.encode(), key=chain_key, digest_size=32).digest()


def _refusal(description: str, reason: str, claimed: Claimed | None) -> InvalidToken:
    error = InvalidToken(description, reason=reason)
    error.claimed = claimed
    return error


def _expiry(key: bytes, verdict: Verdict, now: float) -> float:
    return now + verdict.lifetime_s
