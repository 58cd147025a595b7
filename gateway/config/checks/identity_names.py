"""Identity headers that cannot be: names with a meaning of their own, sources that are none."""

import re
from collections.abc import Iterator

from gateway.config.model import Forward
from gateway.config.reading.problems import Finding, Path

_SOURCES = ("subject", "email", "name", "groups", "roles", "scopes", "issuer", "client_id")
_NOT_ALNUM = re.compile(r"[^a-z0-9]")
# What the gateway sets, drops or decides by; the header policy refuses these too.
_RESERVED = frozenset(
    {"accept", "connection", "cookie", "dpop", "expect", "forwarded", "host"}
    | {"accept-encoding", "last-event-id", "origin", "te", "trailer", "transfer-encoding"}
    | {"traceparent", "tracestate", "upgrade", "via", "keep-alive", "x-request-id"}
    | {"http2-settings", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"}
)
_RESERVED_PREFIXES = ("content-", "mcp-", "proxy-", "x-gateway-")


def find_bad_identity_headers(forward: Forward) -> Iterator[Finding]:
    """List names and sources, paths from the server on, that would mislead the upstream."""
    seen: dict[str, str] = {}
    for name, source in forward.identity_headers.items():
        path: Path = ("forward", "identity_headers", name)
        folded = _NOT_ALNUM.sub("-", name.lower())
        if folded in seen:
            yield Finding(path, f"many servers take it for {seen[folded]}")
        seen.setdefault(folded, name)
        if folded == "authorization" or is_reserved_name(name):
            yield Finding(path, "this header has a meaning already; name another one")
        if source not in _SOURCES and not _is_claim(source):
            yield Finding(path, f"expected {', '.join(_SOURCES)} or claims.<path>")
    known = {name.lower() for name in forward.identity_headers}
    for name in sorted(forward.required):
        if name.lower() not in known:
            yield Finding(("forward", "required"), f"{name} is none of the identity headers")


def is_reserved_name(name: str) -> bool:
    """Whether a header is the gateway's own business; Authorization may be a credential's."""
    folded = _NOT_ALNUM.sub("-", name.lower())
    return folded in _RESERVED or folded.startswith(_RESERVED_PREFIXES)


def _is_claim(source: str) -> bool:
    first, *path = source.split(".")
    return first == "claims" and bool(path) and all(path)
