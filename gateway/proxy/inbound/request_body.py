"""A request body as it arrives: within its limit, within its time, and only when it is wanted."""

import asyncio
from math import inf

from gateway.errors import BodyTooLarge, GatewayError
from gateway.http.chunked import ChunkedBody
from gateway.proxy.gate.client import BodyLimits
from gateway.resilience.stepper import Pending

HIGH_WATER_BYTES = 64 * 1024  # what may wait for a gate that has not asked for it


class RequestBody:
    """Fed by the connection, read by the gate. It holds what has come, until it is taken.

    `length` is what the head announces; a chunked body tells its own end.
    """

    __slots__ = (
        "_chunked",
        "_ends_at",
        "_error",
        "_is_dropped",
        "_left",
        "_max_bytes",
        "_pieces",
        "_reader",
        "_stall_s",
        "size",
    )

    def __init__(self, length: int, *, is_chunked: bool) -> None:
        self.size = 0
        self._left = length
        self._chunked = ChunkedBody() if is_chunked else None
        self._pieces: list[bytes] = []
        self._max_bytes: int | None = None
        self._stall_s = self._ends_at = inf
        self._is_dropped = False
        self._error: GatewayError | None = None
        self._reader: Pending[None] | None = None

    @property
    def is_complete(self) -> bool:
        """Whether all of it has come."""
        return self._left == 0 if self._chunked is None else self._chunked.is_complete

    @property
    def has_failed(self) -> bool:
        """Whether the rest cannot be had, and so not where the next request begins."""
        return self._error is not None

    @property
    def is_too_far_ahead(self) -> bool:
        """Whether the client should wait until somebody wants the body."""
        is_wanted = self._max_bytes is not None or self._is_dropped
        return not is_wanted and self.size > HIGH_WATER_BYTES

    def deadline(self, now: float) -> float:
        """When the next piece must have come."""
        return inf if self.is_complete else min(now + self._stall_s, self._ends_at)

    def feed(self, data: bytes) -> bytes:
        """Take what belongs to the body and return the rest; `wake` is to follow.

        Raises `MalformedHttp` when the framing breaks.
        """
        if self._chunked is not None:
            piece, rest = self._chunked.feed(data)
        else:
            piece, rest = data[: self._left], data[self._left :]
            self._left -= len(piece)
        self._keep(piece)
        return rest

    def wake(self) -> None:
        """Let whoever reads go on when nothing more is to come, perhaps to the request's end."""
        is_over = self.is_complete or self.has_failed
        if is_over and self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def want(self, limits: BodyLimits, now: float) -> None:
        """Somebody wants all of it within these limits. Raises `BodyTooLarge`."""
        self._max_bytes, self._stall_s = limits.max_bytes, limits.stall_s
        # Who may call is decided before: what drips would go upstream long after.
        self._ends_at = now + limits.total_s
        if self._left > limits.max_bytes or self.size > limits.max_bytes:
            raise self._too_large()

    async def rest(self, loop: asyncio.AbstractEventLoop) -> bytes:
        """Wait for the rest and take all of it; raises what `fail` was given."""
        if self._error is None and not self.is_complete:
            self._reader = Pending(loop)
            try:
                await self._reader
            finally:
                self._reader = None
        if self._error is not None:
            raise self._error
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    def fail(self, error: GatewayError) -> None:
        """The rest cannot be had."""
        if self._error is None:
            self._error = error
            self.wake()

    def drop(self) -> None:
        """Nobody wants it any more: what has come and comes is forgotten."""
        self._pieces.clear()
        self._is_dropped = True

    def _keep(self, piece: bytes) -> None:
        if not piece or self._is_dropped:
            return
        self.size += len(piece)
        self._pieces.append(piece)
        if self._max_bytes is not None and self.size > self._max_bytes:
            self.drop()
            self._error = self._too_large()

    def _too_large(self) -> BodyTooLarge:
        return BodyTooLarge(f"The body is larger than {self._max_bytes} bytes.")
