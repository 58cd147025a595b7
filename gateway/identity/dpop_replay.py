"""Which DPoP proofs were seen already: RFC 9449 §11.1."""

import hashlib

from cachetools import TTLCache

from gateway.errors import IdentityUnavailable
from gateway.identity.clocks import Clocks
from gateway.identity.dpop import MAX_FUTURE_S

MAX_PROOFS = 200_000


class ReplayCache:
    """Remembers each proof of this process for as long as it could be accepted again."""

    def __init__(self, clocks: Clocks, max_age_s: float, max_proofs: int = MAX_PROOFS) -> None:
        self._max_proofs = max_proofs
        self._seen: TTLCache[bytes, bool] = TTLCache(
            max_proofs, ttl=max_age_s + MAX_FUTURE_S, timer=clocks.monotonic
        )

    def is_new(self, key_thumbprint: str, proof_id: str) -> bool:
        """Note a proof; False when it was seen before.

        Raises `IdentityUnavailable` when the memory is full: to forget one early would let it
        be used again.
        """
        told = f"{key_thumbprint} {proof_id}".encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(told, digest_size=16).digest()
        if digest in self._seen:
            return False
        if len(self._seen) >= self._max_proofs:
            self._seen.expire()
            if len(self._seen) >= self._max_proofs:
                raise IdentityUnavailable("Too many DPoP proofs; try again.", retry_after_s=1)
        self._seen[digest] = True
        return True
