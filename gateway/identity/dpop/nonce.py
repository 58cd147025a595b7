"""Nonces that the gateway asks for in DPoP proofs: RFC 9449 §8, §9. Nothing is stored."""

import base64
import hashlib
import hmac

SLOT_S = 60
_NONCE_BYTES = 16


class Nonces:
    """One nonce for each minute; that of the minute before still counts.

    Replicas accept each other's when they have the same `key`.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def current(self, now: float) -> str:
        """The nonce to hand out; `now` in Unix seconds."""
        return self._make(int(now) // SLOT_S)

    def is_fresh(self, nonce: str, now: float) -> bool:
        """Whether a nonce is of this minute or the one before."""
        slot = int(now) // SLOT_S
        # Both are always compared, each in constant time.
        fresh = [self._equals(nonce, self._make(each)) for each in (slot, slot - 1)]
        return any(fresh)

    def _make(self, slot: int) -> str:
        digest = hmac.new(self._key, b"dpop nonce %d" % slot, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:_NONCE_BYTES]).rstrip(b"=").decode("ascii")

    @staticmethod
    def _equals(one: str, other: str) -> bool:
        return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode())
