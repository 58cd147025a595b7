"""One upstream response: its head, and its body as it arrives."""

import asyncio

from gateway.errors import UpstreamError

_HIGH_WATER_BYTES = 64 * 1024  # figure 13: what one stalled client may pin


class UpstreamResponse:
    """A response whose head is complete.

    `body` is the whole body when it came with the head; when it is None, `read` gives the
    pieces. Whoever holds a response calls `close` when done with it. `feed`, `finish`, `fail`
    and `wake` are the connection's.
    """

    __slots__ = (
        "_buffered",
        "_error",
        "_pieces",
        "_reader",
        "_transport",
        "body",
        "complete",
        "has_been_paused",
        "headers",
        "is_paused",
        "status",
    )

    def __init__(
        self, status: int, headers: list[tuple[bytes, bytes]], transport: asyncio.Transport
    ) -> None:
        self.status = status
        self.headers = headers
        self.body: bytes | None = None
        self.complete = False
        self.is_paused = False
        self.has_been_paused = False
        self._transport = transport
        self._pieces: list[bytes] = []
        self._buffered = 0
        self._reader: asyncio.Future[None] | None = None
        self._error: UpstreamError | None = None

    async def read(self) -> bytes:
        """Return what has arrived since the last read, at least a byte; b"" at a clean end.

        Raises `UpstreamInvalid` when the body is cut short and `UpstreamTimeout` when it
        stays silent. Cancelling a read closes the connection.
        """
        if not self._pieces and not self.complete and self._error is None:
            await self._wait()
        if self._pieces:
            return self._take()
        if self._error is not None:
            raise self._error
        return b""

    def close(self) -> None:
        """Abandon the response: what is still to come is not read, its connection ends."""
        if not self.complete:
            self._transport.abort()

    def feed(self, piece: bytes) -> None:
        """Take a piece of the body; more than the reader keeps up with stops the upstream."""
        self._pieces.append(piece)
        self._buffered += len(piece)
        if self._buffered > _HIGH_WATER_BYTES and not self.is_paused:
            self.is_paused = self.has_been_paused = True
            self._transport.pause_reading()

    def finish(self) -> None:
        """The body has ended as its framing says; the connection belongs to others now."""
        self.complete = True
        self._resume()

    def become_whole(self) -> None:
        """Turn the finished pieces into `body`."""
        self.body = b"".join(self._pieces)
        self._pieces.clear()

    def fail(self, error: UpstreamError) -> None:
        """The body ends here without being complete."""
        self._error = error
        self.wake()

    def wake(self) -> None:
        """Let the reader run."""
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def _wait(self) -> None:
        self._reader = asyncio.get_running_loop().create_future()
        try:
            await self._reader
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            self._reader = None

    def _take(self) -> bytes:
        piece = b"".join(self._pieces)
        self._pieces.clear()
        self._buffered = 0
        self._resume()
        return piece

    def _resume(self) -> None:
        if self.is_paused:
            self.is_paused = False
            self._transport.resume_reading()
