"""Which header fields end at the gateway, and the spellings that amount to the same name. Pure."""

import re

_NOT_ALNUM = re.compile(rb"[^a-z0-9]")

# RFC 9110 §7.6.1. Proxy-* stands beside them: whatever it says is between two neighbours.
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"http2-settings",
        b"keep-alive",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
HOP_BY_HOP_PREFIXES = (b"proxy-",)

# What the gateway says itself, or keeps to itself.
REQUEST_DROPPED = frozenset(
    {
        b"accept-encoding",
        b"authorization",
        b"content-length",
        b"cookie",
        b"dpop",
        b"expect",
        b"forwarded",
        b"host",
        b"mcp-session-id",
        b"x-original-host",
        b"x-original-uri",
        b"x-original-url",
        b"x-real-ip",
        b"x-request-id",
        b"x-rewrite-url",
    }
)
REQUEST_DROPPED_PREFIXES = (b"x-forwarded-", b"x-gateway-")

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

# An upstream's answer to its own callers, or about an origin that is not its own.
RESPONSE_DROPPED = frozenset(
    {
        b"alt-svc",
        b"clear-site-data",
        b"content-length",
        b"nel",
        b"report-to",
        b"reporting-endpoints",
        b"set-cookie",
        b"set-cookie2",
        b"strict-transport-security",
        b"www-authenticate",
        b"x-content-type-options",
        b"x-request-id",
    }
)
RESPONSE_DROPPED_PREFIXES = (b"access-control-", b"x-gateway-")


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
    return folded in HOP_BY_HOP or folded.startswith(HOP_BY_HOP_PREFIXES)


def is_dropped_from_request(folded: bytes) -> bool:
    """True for a caller's field that the upstream must not see, apart from identity headers."""
    return (
        is_hop_by_hop(folded)
        or folded in REQUEST_DROPPED
        or folded.startswith(REQUEST_DROPPED_PREFIXES)
    )


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
    return (
        is_hop_by_hop(folded)
        or folded in RESPONSE_DROPPED
        or folded.startswith(RESPONSE_DROPPED_PREFIXES)
    )
