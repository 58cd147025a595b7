"""Which sessions are over although their values would still open. No I/O."""

import hashlib
from collections import OrderedDict

from gateway.proxy.limits.caller import Caller

MAX_OF_A_CALLER = 256
MAX_ENDED = 50_000
_DIGEST_BYTES = 16
_BEFORE_ALL = float("-inf")


class EndedSessions:
    """The sessions of one server that ended here.

    What does not fit is not forgotten but drawn together: of a caller who ended too many, every
    session that began no later than one of those counts as over; of too many callers, everybody's.
    A session that is known to go on is not asked about here, so this costs others at most a
    handshake, while forgetting would bring back what an administrator has ended.
    """

    def __init__(self, max_of_a_caller: int = MAX_OF_A_CALLER, max_ended: int = MAX_ENDED) -> None:
        self._max_of_a_caller = max_of_a_caller
        self._max_ended = max_ended
        # When each began, by its digest; both in the order of their ending.
        self._ended: OrderedDict[Caller, OrderedDict[bytes, float]] = OrderedDict()
        self._count = 0
        self._over_until: OrderedDict[Caller, float] = OrderedDict()
        self._all_over_until = _BEFORE_ALL

    def add(self, sealed: str, caller: Caller, started_at: float) -> None:
        """Note the end of a session that began at `started_at`, in Unix seconds."""
        own = self._ended.setdefault(caller, OrderedDict())
        self._ended.move_to_end(caller)
        self._count += 1
        own[_digest(sealed)] = started_at
        if len(own) > self._max_of_a_caller:
            self._draw_together(caller, own.popitem(last=False)[1])
            self._count -= 1
        while self._count > self._max_ended:
            longest_quiet, theirs = self._ended.popitem(last=False)
            self._count -= len(theirs)
            self._draw_together(longest_quiet, max(theirs.values()))

    def has(self, sealed: str, caller: Caller, started_at: float) -> bool:
        """Whether this session of the caller is over."""
        drawn = max(self._over_until.get(caller, _BEFORE_ALL), self._all_over_until)
        return started_at <= drawn or _digest(sealed) in self._ended.get(caller, ())

    def _draw_together(self, caller: Caller, until: float) -> None:
        self._over_until[caller] = max(self._over_until.get(caller, _BEFORE_ALL), until)
        if len(self._over_until) > self._max_ended:
            _, theirs = self._over_until.popitem(last=False)
            self._all_over_until = max(self._all_over_until, theirs)


def _digest(sealed: str) -> bytes:
    return hashlib.blake2b(sealed.encode(), digest_size=_DIGEST_BYTES).digest()
