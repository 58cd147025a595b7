"""Which headers of an upstream's response reach the client: RFC 9110 §7.6.1. Pure.

What ends here is in `header_table`, with its reason.
"""

from collections.abc import Sequence
from functools import lru_cache

from gateway.errors import UpstreamInvalid
from gateway.http.field_names import fold, is_dropped_from_response
from gateway.http.message_head import Field, applied_codings, is_field_text, is_token

_FOR_ONE = frozenset({b"no-store", b"private"})
_FOR_MANY = frozenset({b"public", b"s-maxage"})


def response_headers(received: Sequence[Field]) -> list[Field]:
    """Copy what the client may see; the length is left to whoever writes the response.

    Raises `UpstreamInvalid` for two content types and for bytes that no header may hold.
    """
    kept: list[Field] = []
    caching: list[bytes] = []
    content_types = 0
    for header in received:
        use = _use(header[0])
        if use is None:
            continue
        if use == b"connection":
            return response_headers(_without_nominated(received))
        if use == b"cache-control":
            caching.append(header[1])
            continue
        if use == b"content-encoding" and not applied_codings([header[1]]):
            continue  # said to no effect, and clients stumble over it
        content_types += use == b"content-type"
        kept.append(header)
    kept.append((b"Cache-Control", _cache_control(b",".join(caching))))
    if content_types > 1:
        raise UpstreamInvalid("The MCP server gave two content types.", reason="bad_head")
    if not is_field_text(b"".join([value for _, value in kept])):
        raise UpstreamInvalid(
            "The MCP server sent a header with a control character.", reason="bad_head"
        )
    return kept


def _without_nominated(received: Sequence[Field]) -> list[Field]:
    named = {b"connection"}
    for name, value in received:
        if name.lower() == b"connection":
            named.update(option.strip().lower() for option in value.split(b","))
    return [header for header in received if header[0].lower() not in named]


@lru_cache(maxsize=1024)  # 0.1 µs a header against 3
def _use(name: bytes) -> bytes | None:
    if not is_token(name):
        raise UpstreamInvalid("The MCP server sent a malformed header name.", reason="bad_head")
    lower = name.lower()
    if lower == b"connection":
        return lower
    return None if is_dropped_from_response(fold(name)) else lower


@lru_cache(maxsize=256)
def _cache_control(value: bytes) -> bytes:
    directives = {each.strip().lower() for each in value.split(b",")}
    named = {each.partition(b"=")[0] for each in directives}
    # `private="…"` is about single fields only: RFC 9111 §5.2.2.7.
    if directives & _FOR_ONE and not named & _FOR_MANY:
        return value
    # The answer depends on who asks: RFC 9111 §3.5.
    return b"no-store, no-transform" if b"no-transform" in directives else b"no-store"
