"""A verdict beside the head that carried its token, so that it need not be looked up each time."""

from dataclasses import dataclass, field

from gateway.identity.principal import Principal


@dataclass(slots=True)
class Verdict:
    """That a token was accepted.

    It holds until `ends_at` of the monotonic clock, and only while nothing was forgotten since:
    `epoch` is that of the cache. `is_superseded` once the caller has shown a newer token.
    """

    principal: Principal
    lifetime_s: float
    ends_at: float
    epoch: int
    is_superseded: bool = False


@dataclass(slots=True)
class VerdictSlot:
    """One token at one chain of verifiers, and the verdict that was found for it last.

    A connection keeps it with the head: finding the verdict again costs 6 µs, looking at it 0.3.
    """

    key: bytes
    token: str = field(repr=False)
    verdict: Verdict | None = None

    def principal(self, epoch: int, monotonic: float, now: float) -> Principal | None:
        """Whom the verdict vouches for; None when it must be looked up, or made, again."""
        verdict = self.verdict
        if verdict is None or verdict.epoch != epoch or verdict.is_superseded:
            return None
        if monotonic >= verdict.ends_at:
            return None
        # The wall clock may have been set forward since.
        expires_at = verdict.principal.expires_at
        return verdict.principal if expires_at is None or now < expires_at else None
