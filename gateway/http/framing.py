"""What the head of an upstream's response says about its body: RFC 9112 §6.3. Pure."""

from collections.abc import Sequence
from enum import Enum

from gateway.errors import UpstreamInvalid
from gateway.http.message_head import Field
from gateway.http.status import BODILESS, LAST

_SHORT_BYTES = 64 * 1024
_MAX_LENGTH_DIGITS = 19  # what fits 64 bits; Python refuses to read thousands of digits


class Framing(Enum):
    """How a body ends, and whether it is worth waiting for all of it."""

    WHOLE = "no body, or a short one of known length: handed over in one piece"
    STREAM = "chunked, long or an event stream: handed over piece by piece"
    UNTIL_CLOSE = "ends with the connection"


def parse_framing(status: int, version: str, headers: Sequence[Field]) -> Framing:
    """Decide how the body is framed.

    llhttp has refused doubled and malformed lengths and a length beside a coding already.
    Raises `UpstreamInvalid` for what it lets through.
    """
    if version not in ("1.1", "1.0") or status > LAST:
        raise UpstreamInvalid(
            "The MCP server does not speak HTTP/1.1.",
            reason="not_http",
            seen=f"status {status}, version {version}",
        )
    length: int | None = None
    codings: list[bytes] = []
    events = False
    for name, value in headers:
        match name.lower():
            case b"content-length":
                length = _parse_length(value)
            case b"transfer-encoding":
                codings.append(value)
            case b"content-type":
                events = value[:17].lower() == b"text/event-stream"
            case _:
                pass
    if codings:
        _check_codings(codings, version)
    if status in BODILESS:
        return Framing.WHOLE
    if length is None:
        return Framing.STREAM if codings else Framing.UNTIL_CLOSE
    return Framing.WHOLE if length <= _SHORT_BYTES and not events else Framing.STREAM


def _parse_length(value: bytes) -> int:
    if len(value) > _MAX_LENGTH_DIGITS:
        raise UpstreamInvalid("The MCP server announced an impossible length.", reason="not_http")
    return int(value)


def _check_codings(codings: Sequence[bytes], version: str) -> None:
    # `gzip, chunked` would reach the client without its coding's name; and RFC 9112 §6.1:
    # a coding in HTTP/1.0 means faulty framing.
    if len(codings) != 1 or codings[0].lower() != b"chunked" or version == "1.0":
        raise UpstreamInvalid("The MCP server's framing cannot be trusted.", reason="not_http")
