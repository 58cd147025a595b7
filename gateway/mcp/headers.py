"""Headers that repeat what the body says: MCP 2026-07-28, Streamable HTTP, request metadata."""

import base64
import binascii
import re
from collections.abc import Sequence

from multidict import CIMultiDictProxy

from gateway.errors import HeaderMismatch, InvalidRequest
from gateway.mcp.message import Message
from gateway.mcp.revisions import mirrors_headers

_SENTINEL = re.compile(r"=\?base64\?(?P<value>.*)\?=", re.DOTALL)
_REVISION = re.compile(r"[!-+\--~]{1,64}")  # visible, but no comma
_PLAIN = re.compile(r"[\x20-\x7E\t]*")
_NAMED = frozenset({"tools/call", "resources/read", "prompts/get"})


def declared_revision(values: Sequence[str]) -> str | None:
    """Read MCP-Protocol-Version; None when it is absent.

    Whatever is written there passes: only the server can say what it supports (MCP 2026-07-28,
    -32022). Raises `InvalidRequest` for two, and for what could be read as two.
    """
    if not values:
        return None
    if len(values) > 1 or not _REVISION.fullmatch(values[0]):
        raise InvalidRequest("MCP-Protocol-Version is malformed.", reason="bad_revision")
    return values[0]


def check_mirrored_headers(
    message: Message, revision: str | None, headers: CIMultiDictProxy[str]
) -> None:
    """Compare the headers of a request with its body.

    `revision` is what the header declares. Older revisions do not mirror, so there the
    headers mean nothing and nothing is decided by them. Raises `HeaderMismatch`.
    """
    if not (mirrors_headers(revision) or mirrors_headers(message.revision)):
        return
    if message.revision is not None and message.revision != revision:
        raise HeaderMismatch("MCP-Protocol-Version differs from the body.")
    if message.kind != "request" and "Mcp-Method" not in headers:
        return  # this revision asks requests only for the others
    if _single(headers, "Mcp-Method") != message.method:
        raise HeaderMismatch("Mcp-Method differs from the body.")
    if message.method in _NAMED or "Mcp-Name" in headers:
        sent = decode_sentinel(_single(headers, "Mcp-Name"))
        if sent != message.name and (message.method in _NAMED or message.name is not None):
            raise HeaderMismatch("Mcp-Name differs from the body.")


def decode_sentinel(value: str) -> str:
    """Undo the encoding of a value that a header cannot hold as it is.

    Raises `HeaderMismatch` when it is malformed or holds what must have been encoded.
    """
    match = _SENTINEL.fullmatch(value)
    if match is None:
        if not _PLAIN.fullmatch(value):
            raise HeaderMismatch("A mirrored header holds characters that must be encoded.")
        return value
    try:
        decoded = base64.b64decode(match["value"], validate=True)
        # Bits that decoding drops would make two spellings of one value.
        if base64.b64encode(decoded).decode() != match["value"]:
            raise ValueError("not canonical")
        return decoded.decode()
    except (binascii.Error, ValueError) as cause:
        raise HeaderMismatch("A mirrored header is not valid base64.") from cause


def _single(headers: CIMultiDictProxy[str], name: str) -> str:
    values = headers.getall(name, ())
    if len(values) != 1:
        raise HeaderMismatch(f"{name} is needed exactly once.")
    return values[0]
