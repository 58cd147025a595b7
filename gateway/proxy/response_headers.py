"""Which headers of an upstream's response reach the client: RFC 9110 §7.6.1. Pure.

Left out besides the hop-by-hop ones: challenges and cookies, which would be taken for the
gateway's own, and all that makes a statement about an origin (CORS, HSTS, Alt-Svc). `Server`,
`Date`, cache headers, `Mcp-Session-Id` and `X-Accel-Buffering` pass.
"""

from collections.abc import Sequence
from functools import lru_cache

from gateway.errors import UpstreamInvalid
from gateway.message_head import Field, is_field_text, is_token
from gateway.proxy.field_names import fold, is_dropped_from_response


def response_headers(received: Sequence[Field]) -> list[Field]:
    """Copy what the client may see; the length is left to whoever writes the response.

    Raises `UpstreamInvalid` for two content types and for bytes that no header may hold.
    """
    kept: list[Field] = []
    content_types = 0
    for header in received:
        use = _use(header[0])
        if use is None:
            continue
        if use == b"connection":
            return response_headers(_without_nominated(received))
        content_types += use == b"content-type"
        kept.append(header)
    if content_types > 1:
        raise UpstreamInvalid("The MCP server gave two content types.")
    if not is_field_text(b"".join([value for _, value in kept])):
        raise UpstreamInvalid("The MCP server sent a header with a control character.")
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
        raise UpstreamInvalid("The MCP server sent a malformed header name.")
    lower = name.lower()
    if lower == b"connection":
        return lower
    return None if is_dropped_from_response(fold(name)) else lower
