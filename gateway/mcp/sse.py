"""Event streams, as far as an intermediary must understand them: WHATWG HTML §9.2."""

import re
from collections.abc import Callable, Sequence
from typing import Protocol

from gateway.errors import UpstreamInvalid

_TAIL_BYTES = 3
# A CR ends its line; an LF that follows it makes no second one, and does no harm after a comment.
_BOUNDARIES = (b"\n\n", b"\r\r", b"\n\r", b"\n\r\n", b"\r\r\n")
_MAX_HELD_BYTES = 64 * 1024
# Only the end: with the text before it, a search in a line without end takes quadratic time.
_LINE_END = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"


class EventBoundary:
    """Knows whether a stream stands between two events, where a comment does no harm."""

    __slots__ = ("_tail",)

    def __init__(self) -> None:
        self._tail = b""

    def feed(self, chunk: bytes) -> None:
        """Take what was sent."""
        if len(chunk) >= _TAIL_BYTES:
            self._tail = chunk[-_TAIL_BYTES:]
        else:
            self._tail = (self._tail + chunk)[-_TAIL_BYTES:]

    @property
    def at_boundary(self) -> bool:
        """True at the start, and after an empty line."""
        return not self._tail or self._tail.endswith(_BOUNDARIES)


class StreamRewriter(Protocol):
    """Changes a stream on its way: `feed` each piece, `finish` at its end; both may raise."""

    def feed(self, chunk: bytes) -> bytes: ...

    def finish(self) -> bytes: ...


class Rewriters:
    """Several, one after another."""

    __slots__ = ("_parts",)

    def __init__(self, parts: Sequence[StreamRewriter]) -> None:
        self._parts = parts

    def feed(self, chunk: bytes) -> bytes:
        """Take a piece of the stream and return what can go to the client now."""
        for part in self._parts:
            chunk = part.feed(chunk)
        return chunk

    def finish(self) -> bytes:
        """What is left at the end of the stream."""
        left = b""
        for part in self._parts:
            left = part.feed(left) + part.finish()
        return left


def messages_in(stream: bytes) -> Sequence[bytes]:
    """The data of every whole event in the beginning of a stream, its lines joined."""
    found: list[bytes] = []
    data: list[bytes] = []
    for line in _LINE_END.split(stream.removeprefix(_BOM))[:-1]:
        if not line:
            if data:
                found.append(b"\n".join(data))
            data = []
        elif _field(line)[0] == b"data":
            data.append(_field(line)[1])
    return found


class EndpointRewriter:
    """Replace the address in the `endpoint` event that opens a legacy stream.

    Any GET may be a legacy one (MCP 2024-11-05, HTTP with SSE), so only what could still
    become that event is held back; from the first other event on, bytes pass as they are.
    """

    __slots__ = (
        "_after_cr",
        "_at_start",
        "_block",
        "_block_bytes",
        "_is_endpoint",
        "_passing",
        "_rest",
        "_rewrite",
    )

    def __init__(self, rewrite: Callable[[str], str]) -> None:
        self._rewrite = rewrite
        self._block: list[bytes] = []  # the whole lines of the event that is held back
        self._block_bytes = 0
        self._rest = b""
        self._is_endpoint = False
        self._at_start = True
        self._after_cr = False
        self._passing = False

    def feed(self, chunk: bytes) -> bytes:
        """Take a piece of the stream and return what can go to the client now.

        Raises `UpstreamInvalid` for an `endpoint` without end or that is no address.
        """
        if self._passing or not chunk:
            return chunk
        released: list[bytes] = []
        # A CR ends its line at once: waiting for the LF would hold back a whole event.
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            self._append_line_feed(released)
        searched = len(self._rest)
        self._rest += chunk
        self._after_cr = self._rest.endswith(b"\r")
        self._take_lines(searched, released)
        if self._passing:
            released += (*self._block, self._rest)
        elif self._block_bytes + len(self._rest) > _MAX_HELD_BYTES:
            raise UpstreamInvalid(
                "The server behind the gateway sent an endless event.", reason="too_long"
            )
        return b"".join(released)

    def finish(self) -> bytes:
        """What is left at the end of the stream; an `endpoint` that lacks its end is one too.

        Raises as `feed`.
        """
        if self._passing:
            return b""
        released: list[bytes] = []
        if self._rest:
            self._take_line(self._rest, released)
        if self._passing:
            released += self._block
        else:
            self._end_block(released)
        self._block, self._rest, self._passing = [], b"", True
        return b"".join(released)

    def _append_line_feed(self, released: list[bytes]) -> None:
        if self._block:
            self._block[-1] += b"\n"
        else:
            released.append(b"\n")

    def _take_lines(self, searched: int, released: list[bytes]) -> None:
        taken = 0
        for match in _LINE_END.finditer(self._rest, searched):
            line, taken = self._rest[taken : match.end()], match.end()
            self._take_line(line, released)
            if self._passing:
                break
        self._rest = self._rest[taken:]
        self._passing = self._passing or self._opens_message(*_field(self._rest))

    def _take_line(self, line: bytes, released: list[bytes]) -> None:
        if self._at_start and line.startswith(_BOM):
            line = line.removeprefix(_BOM)
            released.append(_BOM)
        self._at_start = False
        if line.startswith(b":") and not self._block:
            released.append(line)
            return
        self._block.append(line)
        self._block_bytes += len(line)
        name, value = _field(line)
        if name == b"event":
            self._is_endpoint = value == b"endpoint"
            self._passing = not self._is_endpoint
        elif not line.strip(b"\r\n"):
            self._end_block(released)
        else:
            self._passing = self._opens_message(name, value)

    def _opens_message(self, name: bytes, value: bytes) -> bool:
        """Tell a JSON-RPC message, of any size, by its first byte: no address starts like it."""
        return name == b"data" and not self._is_endpoint and value.startswith((b"{", b"["))

    def _end_block(self, released: list[bytes]) -> None:
        data = [value for name, value in map(_field, self._block) if name == b"data"]
        self._passing = bool(data)
        released += self._rewritten(data) if data and self._is_endpoint else self._block
        self._block, self._block_bytes, self._is_endpoint = [], 0, False

    def _rewritten(self, data: Sequence[bytes]) -> list[bytes]:
        try:
            (address,) = data
            endpoint = self._rewrite(address.decode())
        except ValueError as cause:
            raise UpstreamInvalid(
                "The server behind the gateway sent no endpoint.", reason="foreign_endpoint"
            ) from cause
        new = b"data: " + endpoint.encode()
        return [
            new + line[len(line.rstrip(b"\r\n")) :] if _field(line)[0] == b"data" else line
            for line in self._block
        ]


def _field(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.rstrip(b"\r\n").partition(b":")
    return name, value.removeprefix(b" ")


class DataRewriter:
    """Rewrite the data of each event; an event goes on when it is complete.

    `rewrite` gets the data of one event, its lines joined, and returns what takes its place.
    Comments and events without data pass as they are.
    """

    def __init__(self, rewrite: Callable[[bytes], bytes], max_bytes: int) -> None:
        self._rewrite = rewrite
        self._max_bytes = max_bytes
        self._block: list[bytes] = []
        self._rest = b""
        self._held = 0
        self._after_cr = False

    def feed(self, chunk: bytes) -> bytes:
        """Take a piece of the stream and return what can go to the client now.

        Raises `UpstreamInvalid` for an event that is too long to be looked at.
        """
        if not chunk:
            return b""
        released: list[bytes] = []
        # As above: a CR ends its line at once, and the LF that may follow belongs to it.
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            if self._block:
                self._block[-1] += b"\n"
            else:
                released.append(b"\n")
        searched, taken = len(self._rest), 0
        self._rest += chunk
        self._after_cr = self._rest.endswith(b"\r")
        for match in _LINE_END.finditer(self._rest, searched):
            self._take_line(self._rest[taken : match.end()], released)
            taken = match.end()
        self._rest = self._rest[taken:]
        if self._held + len(self._rest) > self._max_bytes:
            raise UpstreamInvalid(
                "The server behind the gateway sent an endless event.", reason="too_long"
            )
        return b"".join(released)

    def finish(self) -> bytes:
        """What is left at the end of the stream: an event that lacks its end goes on as one.

        Clients that follow the standard drop it; it is not the gateway that decides so. Raises
        what `rewrite` raises for data that was cut.
        """
        left = [*self._block, self._rest] if self._rest else self._block
        self._block, self._rest = [], b""
        return b"".join(self._rewritten(left, [])) if left else b""

    def _take_line(self, line: bytes, released: list[bytes]) -> None:
        if line.startswith(b":") and not self._block:
            released.append(line)
        elif line.strip(b"\r\n"):
            self._block.append(line)
            self._held += len(line)
        else:
            released += self._rewritten(self._block, [line])
            self._block, self._held = [], 0

    def _rewritten(self, lines: list[bytes], end: list[bytes]) -> list[bytes]:
        fields = [_field(line.removeprefix(_BOM)) for line in lines]
        data = [value for name, value in fields if name == b"data"]
        old = b"\n".join(data)
        new = self._rewrite(old) if data else old
        if new == old:
            return [*lines, *end]
        kept = [line for line, (name, _) in zip(lines, fields, strict=True) if name != b"data"]
        return [*kept, b"data: " + new + b"\n", *end]
