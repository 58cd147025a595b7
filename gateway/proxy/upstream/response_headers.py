"""Which headers of an upstream's response reach the client: RFC 9110 §7.6.1. Pure.

What ends here is in `header_table`, with its reason.
"""

from collections.abc import Sequence
from enum import Enum
from functools import lru_cache

from gateway.errors import UpstreamInvalid
from gateway.http.field_names import fold, is_dropped_from_response
from gateway.http.message_head import (
    Field,
    applied_codings,
    is_field_text,
    is_token,
    values_of,
    without,
)

_FOR_ONE = frozenset({b"no-store", b"private"})
_FOR_MANY = frozenset({b"public", b"s-maxage"})


class _Use(Enum):
    """What becomes of an upstream's field."""

    COPY = "goes on to the client as it came"
    DROP = "ends here"
    CONNECTION = "is read, for the fields that it names"
    CACHING = "is read, and said anew"
    CODING = "goes on where it means something"
    TYPE = "goes on, once"


_READ = {
    b"connection": _Use.CONNECTION,
    b"cache-control": _Use.CACHING,
    b"content-encoding": _Use.CODING,
    b"content-type": _Use.TYPE,
}


def response_headers(received: Sequence[Field]) -> list[Field]:
    """Copy what the client may see; the length is left to whoever writes the response.

    Raises `UpstreamInvalid` for two content types and for bytes that no header may hold.
    """
    kept: list[Field] = []
    caching: list[bytes] = []
    content_types = 0
    for header in received:
        match _use(header[0]):
            case _Use.DROP:
                continue
            case _Use.CONNECTION:
                return response_headers(_without_nominated(received))
            case _Use.CACHING:
                caching.append(header[1])
                continue
            case _Use.CODING if not applied_codings([header[1]]):
                continue  # said to no effect, and clients stumble over it
            case _Use.TYPE:
                content_types += 1
            case _:
                pass
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
    for value in values_of(received, b"connection"):
        named.update(option.strip().lower() for option in value.split(b","))
    return without(received, named)


@lru_cache(maxsize=1024)  # 0.1 µs a header against 3
def _use(name: bytes) -> _Use:
    if not is_token(name):
        raise UpstreamInvalid("The MCP server sent a malformed header name.", reason="bad_head")
    dropped_or_copied = _Use.DROP if is_dropped_from_response(fold(name)) else _Use.COPY
    return _READ.get(name.lower(), dropped_or_copied)


@lru_cache(maxsize=256)
def _cache_control(value: bytes) -> bytes:
    directives = {each.strip().lower() for each in value.split(b",")}
    named = {each.partition(b"=")[0] for each in directives}
    # `private="…"` is about single fields only: RFC 9111 §5.2.2.7.
    if directives & _FOR_ONE and not named & _FOR_MANY:
        return value
    # The answer depends on who asks: RFC 9111 §3.5.
    return b"no-store, no-transform" if b"no-transform" in directives else b"no-store"
