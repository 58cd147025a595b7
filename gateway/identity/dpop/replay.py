"""Which DPoP proofs were seen already: RFC 9449 §11.1."""

import hashlib
from collections import OrderedDict

from gateway.errors import IdentityUnavailable, RateLimited
from gateway.identity.dpop.proof import MAX_FUTURE_S
from gateway.resilience.clocks import Clocks

MAX_PROOFS = 400_000
MAX_OF_A_CALLER = MAX_PROOFS // 10
SWEEP_S = 1.0
_DIGEST_BYTES = 16

Caller = tuple[str, str]


class ReplayCache:
    """Remembers each proof of this process for as long as it could be accepted again.

    A restart forgets them. Each caller has a part of the room, so that none can take it all.
    """

    def __init__(
        self,
        clocks: Clocks,
        max_age_s: float,
        max_proofs: int = MAX_PROOFS,
        max_of_a_caller: int = MAX_OF_A_CALLER,
    ) -> None:
        self._clocks = clocks
        self._ttl_s = max_age_s + MAX_FUTURE_S
        self._max_proofs = max_proofs
        self._max_of_a_caller = max_of_a_caller
        # Until when each is remembered, by its digest; all live equally long, so oldest first.
        self._seen: dict[Caller, OrderedDict[bytes, float]] = {}
        self._count = 0
        self._sweep_at = 0.0

    def is_new(self, caller: Caller, key_thumbprint: str, proof_id: str) -> bool:
        """Note a proof; False when it was seen before.

        To forget one early would let it be used again: raises `RateLimited` when the caller's
        part of the memory is full, and `IdentityUnavailable` when all of it is.
        """
        now = self._clocks.monotonic()
        told = f"{key_thumbprint} {proof_id}".encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(told, digest_size=_DIGEST_BYTES).digest()
        self._expire(caller, now)
        own = self._seen.get(caller, OrderedDict())
        if digest in own:
            return False
        if len(own) >= self._max_of_a_caller:
            raise RateLimited("You sent too many DPoP proofs.", 1, reason="rate_limited")
        if self._count >= self._max_proofs:
            self._make_room(now)
        own[digest] = now + self._ttl_s
        self._seen[caller] = own
        self._count += 1
        return True

    def _make_room(self, now: float) -> None:
        if now >= self._sweep_at:  # not for each of a crowd: there may be as many callers as proofs
            self._sweep_at = now + SWEEP_S
            for caller in tuple(self._seen):
                self._expire(caller, now)
        if self._count >= self._max_proofs:
            raise IdentityUnavailable("Too many DPoP proofs; try again.", retry_after_s=1)

    def _expire(self, caller: Caller, now: float) -> None:
        own = self._seen.get(caller)
        while own:
            digest, ends_at = next(iter(own.items()))
            if ends_at > now:
                return
            del own[digest]
            self._count -= 1
        self._seen.pop(caller, None)
