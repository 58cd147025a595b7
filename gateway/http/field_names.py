"""Which header fields end at the gateway, and the spellings that amount to the same name. Pure."""

import re
from collections.abc import Iterable

from gateway.http.header_table import FROM_REQUESTS, FROM_RESPONSES, HOP_BY_HOP, Row

_NOT_ALNUM = re.compile(rb"[^a-z0-9]")


class Fields:
    """The names of some rows, folded."""

    def __init__(self, rows: Iterable[Row]) -> None:
        names = [name.encode() for row in rows for name in row.names]
        self._names = frozenset(name for name in names if not name.endswith(b"*"))
        self._beginnings = tuple(name[:-1] for name in names if name.endswith(b"*"))

    def __contains__(self, folded: bytes) -> bool:
        return folded in self._names or folded.startswith(self._beginnings)


_HOP_BY_HOP = Fields([HOP_BY_HOP])
_FROM_REQUESTS = Fields(FROM_REQUESTS)
_FROM_RESPONSES = Fields(FROM_RESPONSES)

# What an identity header must not be called.
_RESERVED = frozenset(
    {
        b"accept-encoding",
        b"authorization",
        b"content-length",
        b"expect",
        b"host",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-request-id",
    }
)

# What a second spelling or `Connection` must not touch: the gateway judged a request by these.
PROTECTED = frozenset(
    {b"accept", b"last-event-id", b"origin", b"traceparent", b"tracestate", b"via"}
)
PROTECTED_PREFIXES = (b"content-", b"mcp-")


def fold(name: bytes) -> bytes:
    """Map every spelling that some server takes for the same name to one.

    CGI and WSGI read `X_User_Id` and `X-User-Id` alike, PHP `X.User.Id` too: attack I3,
    CVE-2025-64484.

    >>> fold(b"X_User.Id")
    b'x-user-id'
    """
    return _NOT_ALNUM.sub(b"-", name.lower())


def is_hop_by_hop(folded: bytes) -> bool:
    """True for a field that RFC 9110 §7.6.1 takes off at every hop."""
    return folded in _HOP_BY_HOP


def is_dropped_from_request(folded: bytes) -> bool:
    """True for a caller's field that the upstream must not see, apart from identity headers."""
    return folded in _FROM_REQUESTS


def is_end_to_end(folded: bytes) -> bool:
    """True for a field that `Connection` must not name: it decides who asks for what."""
    return not is_hop_by_hop(folded) and (
        is_dropped_from_request(folded)
        or folded in PROTECTED
        or folded.startswith(PROTECTED_PREFIXES)
    )


def is_reserved(folded: bytes) -> bool:
    """True for a name that already has a meaning on the way to the upstream."""
    return (
        folded in _RESERVED
        or is_hop_by_hop(folded)
        or folded in PROTECTED
        or folded.startswith(PROTECTED_PREFIXES)
    )


def is_dropped_from_response(folded: bytes) -> bool:
    """True for an upstream's field that the client must not see."""
    return folded in _FROM_RESPONSES
