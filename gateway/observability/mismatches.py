"""Tokens that are not what a server expects: both values, for an operator who has no token."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gateway.observability.audit.redact import redact
from gateway.observability.times import iso_time
from gateway.refusal_facts import Mismatch

logger = logging.getLogger(__name__)

PAUSE_S = 60.0


@dataclass(frozen=True, slots=True)
class Noted:
    """The last mismatch of one kind; `count` is how many there were since the start."""

    time: str
    server: str
    reason: str
    what: str
    expected: str
    received: str
    count: int = 1


class Mismatches:
    """The last of each kind: server, reason and claim. One log line a minute for each.

    All three are of closed sets, so that callers cannot fill anything.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._kept: dict[tuple[str, str, str], Noted] = {}
        self._told_at: dict[tuple[str, str, str], float] = {}

    def note(self, server: str, reason: str, mismatch: Mismatch) -> None:
        """Keep it, and log it unless its kind was logged a moment ago."""
        now = self._clock()
        key = (server, reason, mismatch.what)
        expected, received = ", ".join(mismatch.expected), redact(mismatch.received)
        noted = Noted(iso_time(now), server, reason, mismatch.what, expected, received)
        before = self._kept.get(key)
        count = 1 if before is None else before.count + 1
        self._kept[key] = replace(noted, count=count)
        if now - self._told_at.get(key, -PAUSE_S) < PAUSE_S:
            return
        self._told_at[key] = now
        logger.info(
            "token refused: it is not what this server expects",
            extra={
                "server": server,
                "reason": reason,
                "what": mismatch.what,
                "expected": list(mismatch.expected),
                "received": received,
                "count": count,
            },
        )

    @property
    def latest(self) -> Sequence[Noted]:
        """Newest first."""
        return sorted(self._kept.values(), key=lambda each: each.time, reverse=True)
