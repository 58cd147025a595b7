"""A lean client of event streams: one `asyncio.Protocol` each, so that 5,000 fit in a process."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from benchmarks.processes import BenchmarkError

OPEN_LIMIT_S = 30.0
_HEAD_END = b"\r\n\r\n"
_GOOD = b"HTTP/1.1 200 "

OnBytes = Callable[[bytes], None]


class EventStream(asyncio.Protocol):
    """One GET that stays open; `opened` is done when the answer's head has come."""

    def __init__(self, request: bytes, on_bytes: OnBytes) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None
        self._request = request
        self._on_bytes = on_bytes
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self.transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the transport; `open_stream` hears of it when it still waits."""
        self.transport = None
        if not self.opened.done():
            self.opened.set_exception(BenchmarkError("a stream ended before it began"))

    def data_received(self, data: bytes) -> None:
        """Take the head off; the rest goes to `on_bytes`, chunk sizes included."""
        if self.opened.done():
            self._on_bytes(data)
            return
        self._head += data
        if _HEAD_END not in self._head:
            return
        if self._head.startswith(_GOOD):
            self.opened.set_result(None)
        else:
            line = self._head.partition(b"\r\n")[0].decode(errors="replace")
            self.opened.set_exception(BenchmarkError(f"a stream was refused: {line}"))
        self._on_bytes(self._head.partition(_HEAD_END)[2])

    def close(self) -> None:
        """Hang up."""
        if self.transport is not None:
            self.transport.close()


def stream_request(port: int, token: str) -> bytes:
    """Build the GET of an MCP client that listens."""
    return (
        f"GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n"
        f"Authorization: Bearer {token}\r\nMCP-Protocol-Version: 2025-11-25\r\n\r\n"
    ).encode()


async def open_stream(port: int, token: str, on_bytes: OnBytes) -> EventStream:
    """Open one stream; BenchmarkError when the answer is not 200."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(OPEN_LIMIT_S):
        _, stream = await loop.create_connection(
            lambda: EventStream(stream_request(port, token), on_bytes), "127.0.0.1", port
        )
        await stream.opened
    return stream


def discard(data: bytes) -> None:
    """Take bytes that nobody wants."""


def close_all(streams: list[EventStream]) -> None:
    """Hang up on every stream."""
    for stream in streams:
        with suppress(OSError):
            stream.close()
