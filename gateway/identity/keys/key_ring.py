"""Which of the gateway's own keys signs and which are published: no rotation leaves a gap. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from joserfc.jwk import ECKey, OKPKey

# Verifiers keep a key set for some minutes: a key is published for so long before it signs.
PUBLISH_AHEAD_S = 900.0
# And so long after it signed last. An access token lives an hour at most, an assertion a minute;
# twice that covers verifiers whose clocks are behind.
PUBLISH_AFTER_S = 2 * 3600.0


@dataclass(frozen=True, slots=True)
class RingKey:
    """A private key; times in Unix seconds.

    `needed_until` is when the longest token ends that was signed for longer than the usual time.
    """

    kid: str
    algorithm: str
    created_at: float
    key: ECKey | OKPKey = field(compare=False, repr=False)
    needed_until: float = 0.0

    def public(self) -> dict[str, object]:
        """The public JWK."""
        members = self.key.as_dict(private=False)
        return {**members, "kid": self.kid, "use": "sig", "alg": self.algorithm}


def signing_key(keys: Sequence[RingKey], now: float) -> RingKey:
    """The newest key that was published long enough, or the oldest while none was."""
    known = [key for key in keys if now - key.created_at >= PUBLISH_AHEAD_S]
    if known:
        return max(known, key=lambda key: key.created_at)
    return min(keys, key=lambda key: key.created_at)


def needs_new_key(keys: Sequence[RingKey], now: float, rotate_s: float) -> bool:
    """True when the newest key will have signed for `rotate_s` once a new one may sign."""
    if not keys:
        return True
    newest = max(key.created_at for key in keys)
    return now - newest >= rotate_s


def without_retired(keys: Sequence[RingKey], now: float) -> list[RingKey]:
    """The keys that sign, will sign, or whose assertions somebody may still check."""
    signing = signing_key(keys, now)
    kept = []
    for key in keys:
        successor = min(
            (each.created_at for each in keys if each.created_at > key.created_at), default=None
        )
        retired_at = None if successor is None else successor + PUBLISH_AHEAD_S
        is_needed = (
            retired_at is None or now - retired_at < PUBLISH_AFTER_S or now < key.needed_until
        )
        if key is signing or is_needed:
            kept.append(key)
    return kept
