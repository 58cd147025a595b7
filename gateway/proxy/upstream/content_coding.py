"""Undoing the content coding of an answer that must be read: RFC 9110 §8.4.1."""

import zlib
from collections.abc import Sequence

from gateway.errors import UpstreamInvalid
from gateway.proxy.upstream.seen import shown

_GZIP = frozenset({b"gzip", b"x-gzip"})
_GZIP_BITS = 16 + zlib.MAX_WBITS
_ZLIB_METHOD = 8  # RFC 1950 §2.2; CMF and FLG are a multiple of 31
_ZLIB_CHECK = 31
_ZLIB_HEAD_BYTES = 2


class Decoder:
    """Decodes a body or a stream piece by piece; a piece may grow to `max_bytes`.

    Raises `UpstreamInvalid` for a coding other than gzip and deflate, or several.
    """

    def __init__(self, codings: Sequence[bytes], max_bytes: int) -> None:
        self._seen = f"content coding {shown(b', '.join(codings))}"
        if len(codings) != 1 or codings[0] not in (*_GZIP, b"deflate"):
            raise self._error("The MCP server sent what must be read in a coding that is not.")
        self._max_bytes = max_bytes
        self._is_gzip = codings[0] in _GZIP
        self._held = b""  # of deflate, what comes before its kind is known
        self._stream = zlib.decompressobj(_GZIP_BITS) if self._is_gzip else None
        self._has_begun = False

    def feed(self, chunk: bytes) -> bytes:
        """Decode a piece. Raises `UpstreamInvalid` for what is malformed or grows too much."""
        self._has_begun = self._has_begun or bool(chunk)
        if self._stream is None:
            chunk = self._held + chunk
            if len(chunk) < _ZLIB_HEAD_BYTES:
                self._held = chunk
                return b""
            self._stream = zlib.decompressobj(_deflate_bits(chunk))
        try:
            return self._decode(self._stream, chunk)
        except zlib.error as cause:
            raise self._error("The MCP server's coding cannot be undone.") from cause

    def finish(self) -> bytes:
        """Nothing is left at the end. Raises `UpstreamInvalid` when it has not come."""
        if self._has_begun and (self._stream is None or not self._stream.eof):
            raise self._error("The MCP server's coding ends too early.")
        return b""

    def _decode(self, stream: "zlib._Decompress", chunk: bytes) -> bytes:
        decoded: list[bytes] = []
        room = self._max_bytes
        while chunk:
            if stream.eof:
                if not self._is_gzip:
                    break  # what follows belongs to nothing
                # RFC 1952 §2.2: members follow one another.
                stream = self._stream = zlib.decompressobj(_GZIP_BITS)
            decoded.append(stream.decompress(chunk, room + 1))
            room -= len(decoded[-1])
            if room < 0:
                raise self._error("The MCP server sent too much in a content coding.")
            chunk = stream.unused_data
        return b"".join(decoded)

    def _error(self, text: str) -> UpstreamInvalid:
        return UpstreamInvalid(text, reason="content_coding", seen=self._seen)


def _deflate_bits(beginning: bytes) -> int:
    # `deflate` is the zlib format, but some servers send bare deflate: RFC 9110 §8.4.1.2.
    first, second = beginning[0], beginning[1]
    is_zlib = first % 16 == _ZLIB_METHOD and (first * 256 + second) % _ZLIB_CHECK == 0
    return zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS
