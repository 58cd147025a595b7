"""One upstream response: its head, and its body as it arrives."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from gateway.errors import UpstreamError
from gateway.http.message_head import Field
from gateway.resilience.stepper import Pending

# What one client that does not read may pin; a read brings 32 KiB more at most.
_HIGH_WATER_BYTES = 16 * 1024


class ResponseHead(msgspec.Struct, eq=False):
    """What a response says before its body.

    `facts` is what follows from it and one component's own settings, by that component: an
    upstream that repeats its head repeats them.
    """

    status: int
    headers: Sequence[Field]
    facts: dict[object, Any] = msgspec.field(default_factory=dict)


class UpstreamResponse:
    """A response whose head is complete.

    `body` is the whole body when it came with the head. When it is None, `read` gives the pieces
    to who can wait, `take` to who asked by `call_back` to be told. Whoever holds a response calls
    `close` when done with it. `feed`, `finish`, `fail` and `wake` are the connection's.
    """

    __slots__ = (
        "_arrived",
        "_error",
        "_is_short",
        "_on_change",
        "_taken",
        "_transport",
        "body",
        "complete",
        "has_been_paused",
        "head",
        "is_paused",
        "status",
    )

    def __init__(
        self,
        head: ResponseHead,
        transport: asyncio.Transport,
        *,
        is_short: bool = False,
    ) -> None:
        self.head = head
        self.status = head.status
        self.body: bytes | None = None
        self.complete = False
        self.is_paused = False
        self.has_been_paused = False
        self._transport = transport
        self._is_short = is_short  # all of it is waited for: a pause would never end
        self._arrived = b""
        self._taken = 0
        self._on_change: Callable[[], None] | None = None
        self._error: UpstreamError | None = None

    @property
    def headers(self) -> Sequence[Field]:
        """The header fields as they came."""
        return self.head.headers

    @property
    def held_bytes(self) -> int:
        """How much of the body has come and was not dealt with."""
        return len(self._arrived) + self._taken

    async def read(self) -> bytes:
        """Wait for what `take` returns. Cancelling a read closes the connection."""
        while (piece := self.take()) is None:
            await self._change()
        return piece

    def take(self) -> bytes | None:
        """What has arrived since it was last taken; b"" at a clean end, None while there is none.

        Raises `UpstreamInvalid` when the body is cut short and `UpstreamTimeout` when it
        stays silent.
        """
        self._taken = 0  # what was taken last has been dealt with: only now it counts no more
        if self.is_paused and len(self._arrived) <= _HIGH_WATER_BYTES:
            self._resume()
        # What frames the body may arrive alone, a chunk's size or an extension: that is no end.
        if self._arrived:
            piece, self._arrived = self._arrived, b""
            self._taken = len(piece)
            return piece
        if self._error is not None:
            raise self._error
        return b"" if self.complete else None

    def call_back(self, on_change: Callable[[], None] | None) -> None:
        """Have `on_change` called each time that there is more to take, or None nobody."""
        self._on_change = on_change

    def close(self) -> None:
        """Abandon the response: what is still to come is not read, its connection ends."""
        if not self.complete:
            self._transport.abort()

    def feed(self, piece: bytes) -> None:
        """Take a piece of the body; more than the reader keeps up with stops the upstream."""
        self._arrived = self._arrived + piece if self._arrived else piece
        if self.held_bytes > _HIGH_WATER_BYTES and not (self.is_paused or self._is_short):
            self.is_paused = self.has_been_paused = True
            self._transport.pause_reading()

    def finish(self) -> None:
        """The body has ended as its framing says; the connection belongs to others now."""
        self.complete = True
        self._resume()

    def become_whole(self) -> None:
        """Turn what has come into `body`."""
        self.body, self._arrived = self._arrived, b""

    def complete_with(self, body: bytes) -> None:
        """All of it has come at once."""
        self.body, self.complete = body, True

    def forget_head(self) -> None:
        """Nobody looks at the head any more: a stream may last for days."""
        del self.head

    def fail(self, error: UpstreamError) -> None:
        """The body ends here without being complete."""
        self._error = error
        self.wake()

    def wake(self) -> None:
        """Tell whoever waits that something has come, or the end."""
        if self._on_change is not None:
            self._on_change()

    async def _change(self) -> None:
        change: Pending[None] = Pending(asyncio.get_running_loop())
        self._on_change = lambda: None if change.done() else change.set_result(None)
        try:
            await change
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            self._on_change = None

    def _resume(self) -> None:
        if self.is_paused:
            self.is_paused = False
            self._transport.resume_reading()


class Delivery(msgspec.Struct, frozen=True):
    """An upstream's answer that may go to the client.

    `events` is True for an event stream; `legacy` when its first event may be an `endpoint`.
    """

    response: UpstreamResponse
    headers: Sequence[Field]
    events: bool
    legacy: bool
