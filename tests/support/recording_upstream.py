"""An upstream of raw bytes: it records all it receives and replies exactly what it is told."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

LIMIT_S = 5.0


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request as it arrived; header names keep their case, doubles stay doubled."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def values(self, name: str) -> list[str]:
        """All values of a header, in order."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def value(self, name: str) -> str | None:
        """The only value of a header, or None; fails when there are several."""
        values = self.values(name)
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None


@dataclass(slots=True)
class RecordingUpstream:
    """A server on a port of its own; use it as an async context manager.

    `replies` are sent in turn, one per request, and `default_reply` after the last. With
    `close_after_reply` each reply ends its connection; None as a reply keeps the caller waiting.
    `connections` are those that brought a request.
    """

    default_reply: bytes = b""
    close_after_reply: bool = False
    received: bytearray = field(default_factory=bytearray)
    requests: list[RecordedRequest] = field(default_factory=list)
    replies: deque[bytes | None] = field(default_factory=deque)
    connections: int = 0
    port: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    connection_lost: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.default_reply = self.default_reply or json_reply(
            b'{"jsonrpc":"2.0","id":1,"result":{}}'
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    @property
    def last(self) -> RecordedRequest:
        return self.requests[-1]

    def assert_untouched(self) -> None:
        """Fail when a single byte of a request arrived."""
        assert not self.received, f"the upstream received {bytes(self.received[:200])!r}"

    async def wait_for_request(self) -> RecordedRequest:
        """The next complete request, or a TimeoutError."""
        async with asyncio.timeout(LIMIT_S):
            await self.arrived.wait()
        self.arrived.clear()
        return self.last

    async def send(self, data: bytes) -> None:
        """Push bytes on every open connection, for replies that are sent piece by piece."""
        for writer in self._writers:
            writer.write(data)
            await writer.drain()

    def abort_connections(self) -> None:
        """Reset every open connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
            self.abort_connections()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer_one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            if writer in self._writers:
                self._writers.discard(writer)
                self.connection_lost.set()
            writer.close()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await self._take_until(reader, b"\r\n\r\n")
        if writer not in self._writers:
            # A connection without a request is only somebody's look whether there is a server.
            self.connections += 1
            self._writers.add(writer)
        self.requests.append(await self._read_request(reader, head))
        self.arrived.set()
        reply = self.replies.popleft() if self.replies else self.default_reply
        if reply is None:
            await self._take(reader, -1)
            return False
        writer.write(reply)
        await writer.drain()
        return not self.close_after_reply

    async def _read_request(self, reader: asyncio.StreamReader, head: bytes) -> RecordedRequest:
        request_line, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        method, target, _ = request_line.split(" ", 2)
        pairs = (line.partition(":") for line in lines)
        headers = tuple((name, value.strip()) for name, _, value in pairs)
        return RecordedRequest(method, target, headers, await self._read_body(reader, headers))

    async def _read_body(
        self, reader: asyncio.StreamReader, headers: tuple[tuple[str, str], ...]
    ) -> bytes:
        named = {name.lower(): value for name, value in headers}
        if "transfer-encoding" not in named:
            return await self._take(reader, int(named.get("content-length", "0")))
        body = b""
        while size := int((await self._take_until(reader, b"\r\n")).split(b";")[0], 16):
            body += (await self._take(reader, size + 2))[:-2]
        await self._take_until(reader, b"\r\n")
        return body

    async def _take(self, reader: asyncio.StreamReader, size: int) -> bytes:
        data = await (reader.read() if size < 0 else reader.readexactly(size))
        self.received += data
        return data

    async def _take_until(self, reader: asyncio.StreamReader, end: bytes) -> bytes:
        try:
            data = await reader.readuntil(end)
        except asyncio.IncompleteReadError as partial:
            self.received += partial.partial
            raise
        self.received += data
        return data


def json_reply(body: bytes, *, status: str = "200 OK", headers: bytes = b"") -> bytes:
    """A complete JSON response; `headers` are whole lines."""
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n".encode()
        + headers
        + b"Content-Length: %d\r\n\r\n" % len(body)
        + body
    )


def event_stream_head(headers: bytes = b"") -> bytes:
    """The head of a chunked event stream; follow it with `chunk` through `send`."""
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        + headers
        + b"Transfer-Encoding: chunked\r\n\r\n"
    )


def chunk(data: bytes) -> bytes:
    """One chunk; of no bytes, the end of the body."""
    return b"%x\r\n%s\r\n" % (len(data), data)
