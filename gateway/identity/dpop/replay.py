"""Which DPoP proofs were seen already: RFC 9449 §11.1."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field

from gateway.errors import IdentityUnavailable, RateLimited
from gateway.identity.dpop.proof import MAX_FUTURE_S
from gateway.resilience.clocks import Clocks

MAX_PROOFS = 400_000
MAX_OF_A_CALLER = MAX_PROOFS // 10
SWEEP_S = 1.0
_DIGEST_BYTES = 16

Caller = tuple[str, str]


@dataclass(slots=True)
class _Memory:
    """When each proof was seen, by its digest, the oldest first; `count` of them in all."""

    seen: dict[Caller, OrderedDict[bytes, float]] = field(default_factory=dict)
    count: int = 0


class ReplayCache:
    """Remembers each proof of this process for as long as it could be accepted again.

    A restart forgets them. Each caller has a part of the room, so that none can take it all.
    What `before` remembers, for whose server proofs had another age, is remembered here too, and
    for as long as one of both asks.
    """

    def __init__(
        self,
        clocks: Clocks,
        max_age_s: float,
        max_proofs: int = MAX_PROOFS,
        max_of_a_caller: int = MAX_OF_A_CALLER,
        before: "ReplayCache | None" = None,
    ) -> None:
        self._clocks = clocks
        self._ttl_s = max_age_s + MAX_FUTURE_S
        if before is not None:
            self._ttl_s = max(self._ttl_s, before._ttl_s)
        self._max_proofs = max_proofs
        self._max_of_a_caller = max_of_a_caller
        self._memory: _Memory = _Memory() if before is None else before._memory
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
        own = self._memory.seen.get(caller, OrderedDict())
        if digest in own:
            return False
        if len(own) >= self._max_of_a_caller:
            raise RateLimited("You sent too many DPoP proofs.", 1, reason="rate_limited")
        if self._memory.count >= self._max_proofs:
            self._make_room(now)
        own[digest] = now
        self._memory.seen[caller] = own
        self._memory.count += 1
        return True

    def _make_room(self, now: float) -> None:
        if now >= self._sweep_at:  # not for each of a crowd: there may be as many callers as proofs
            self._sweep_at = now + SWEEP_S
            for caller in tuple(self._memory.seen):
                self._expire(caller, now)
        if self._memory.count >= self._max_proofs:
            raise IdentityUnavailable("Too many DPoP proofs; try again.", retry_after_s=1)

    def _expire(self, caller: Caller, now: float) -> None:
        own = self._memory.seen.get(caller)
        while own:
            digest, seen_at = next(iter(own.items()))
            if seen_at + self._ttl_s > now:
                return
            del own[digest]
            self._memory.count -= 1
        self._memory.seen.pop(caller, None)
