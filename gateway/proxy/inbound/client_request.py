"""One request of a client connection: `gate.client.Client` and `inbound.client.StreamingClient`."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from gateway.errors import BodyTooLarge
from gateway.http.head import Head
from gateway.http.message_head import Lines
from gateway.http.reply import Reply, end_response, end_stream_response, reply_bytes
from gateway.http.trace_fields import NO_TRACE, TraceFields
from gateway.proxy.gate.call import Answered
from gateway.proxy.gate.client import BodyLimits
from gateway.proxy.gate.record import RequestRecord
from gateway.proxy.gate.route import Application
from gateway.proxy.inbound.client import PIECE_BYTES
from gateway.proxy.inbound.deliver import deliver
from gateway.proxy.inbound.handover import BODY, hand_over, request_bytes
from gateway.proxy.inbound.stream import Stream
from gateway.resilience.stepper import Pending, Stepper

if TYPE_CHECKING:
    from gateway.proxy.inbound.connection import ClientConnection

_LAST_CHUNK = b"0\r\n\r\n"


class ClientRequest:
    """A request and its connection.

    `whole` is the body when it came with the head, None when the connection collects it.
    `keep_alive` is False once the answer says that it is the connection's last. While a stream is
    the answer, which may be for days, there is no `head` any more.
    """

    __slots__ = (
        "_connection",
        "_is_chunked",
        "_stepper",
        "_stream",
        "head",
        "is_answered",
        "keep_alive",
        "trace",
        "whole",
    )
    __deletable__ = ("head",)  # read by mypyc: compiled attributes can else not be deleted

    def __init__(
        self, connection: "ClientConnection", head: Head, trace: TraceFields, whole: bytes | None
    ) -> None:
        self.head = head
        self.trace = trace
        self.whole = whole
        self.keep_alive = head.keep_alive
        self.is_answered = False
        self._stream: Stream | None = None
        self._stepper: Stepper | None = None
        self._is_chunked = False
        self._connection = connection

    def serve(self, handling: Coroutine[Any, Any, None], group: asyncio.TaskGroup) -> None:
        """Run what handles the request; its connection is told when the answer has ended."""
        self._stepper = Stepper(handling, group, self._handled)
        self._stepper.step()

    def cancel(self) -> None:
        """Stop whatever is done for it: its client is gone."""
        if self._stepper is not None:
            self._stepper.cancel()
        if self._stream is not None:
            self._stream.cancel()

    @property
    def is_body_here(self) -> bool:
        """Whether nothing of the body is to come."""
        return self.whole is not None or self._connection.is_body_here

    @property
    def now(self) -> float:
        """The time of the loop's clock."""
        return self._connection.streams.now

    @property
    def is_paused(self) -> bool:
        """Whether the client does not keep up."""
        return self._connection.is_paused

    @property
    def is_gone(self) -> bool:
        """Whether nothing can reach the client any more."""
        return self._connection.transport.is_closing()

    @property
    def has_stalled(self) -> bool:
        """Whether it was dropped because it did not read."""
        return self._connection.has_stalled

    async def body(self, limits: BodyLimits) -> bytes:
        """Read the whole body; see `Client`."""
        if self.whole is None:
            return await self._connection.read_body(self.head, limits)
        if len(self.whole) > limits.max_bytes:
            raise BodyTooLarge(f"The body is larger than {limits.max_bytes} bytes.")
        return self.whole

    def reply(self, reply: Reply, *, keep_alive: bool = True) -> None:
        """Put a whole answer, which must be short, on the wire in one write."""
        self.keep_alive = self._goes_on(keep_alive)
        self.is_answered = True
        bodiless = self.head.method == "HEAD"
        answer = reply_bytes(reply, keep_alive=self.keep_alive, bodiless=bodiless)
        self._connection.transport.write(answer)

    def answer(
        self, opening: Lines, status: int, request_id: str, body: bytes, *, keep_alive: bool = True
    ) -> None:
        """Put an answer on the wire whose head begins with `opening`; see `Client`."""
        self.keep_alive = self._goes_on(keep_alive)
        self.is_answered = True
        head = end_response(opening, status, request_id, len(body), keep_alive=self.keep_alive)
        self._connection.transport.write(head if self.head.method == "HEAD" else head + body)

    async def send(self, reply: Reply) -> None:
        """Put a whole answer on the wire, a long one as fast as the client reads."""
        if len(reply.body) <= PIECE_BYTES or self.head.method == "HEAD":
            self.reply(reply)
            return
        self.keep_alive = self._goes_on(True)
        transport = self._connection.transport
        transport.write(reply_bytes(reply, keep_alive=self.keep_alive, bodiless=True))
        for start in range(0, len(reply.body), PIECE_BYTES):
            transport.write(reply.body[start : start + PIECE_BYTES])
            if self._connection.is_paused:
                await self._connection.drain()
        self.is_answered = True

    async def deliver(
        self,
        answered: Answered,
        record: RequestRecord,
        finish: Callable[[RequestRecord], None],
    ) -> None:
        """Put the upstream's answer on the wire; see `Client`."""
        stream = await deliver(self, answered, record, finish)
        if stream is not None:
            stream.begin(self._connection.streams)

    async def hand_over(self, head: Head, application: Application, record: RequestRecord) -> None:
        """Have an application answer, as the connection's last; see `Client`."""
        body = await self.body(BODY) if head.method == "POST" else b""
        request = request_bytes(head, body)
        self.is_answered = await hand_over(self._connection, application, record, request)
        self.keep_alive = False

    def begin_stream(self, opening: Lines, request_id: str, write_stall_s: float) -> None:
        """Put the head of an answer on the wire that begins with `opening`, of unknown length."""
        self._connection.write_stall_s = write_stall_s
        self._is_chunked = self.head.version == "1.1"
        self.keep_alive = self._goes_on(self._is_chunked)
        head = end_stream_response(
            opening, request_id, chunked=self._is_chunked, keep_alive=self.keep_alive
        )
        self._connection.transport.write(head)

    def write(self, piece: bytes) -> None:
        """Put a piece of a stream on the wire."""
        if self._is_chunked:
            piece = b"%x\r\n%b\r\n" % (len(piece), piece)
        self._connection.transport.write(piece)

    def end_stream(self) -> None:
        """End a stream so that the client knows that it has all of it."""
        self.is_answered = True
        if self._is_chunked:
            self._connection.transport.write(_LAST_CHUNK)

    async def drain(self) -> None:
        """Wait until the client has taken most of what waits for it."""
        await self._connection.drain()

    def drained(self) -> Pending[None]:
        """What is done when the client has taken most of what waits for it; for one to wait."""
        return self._connection.drained()

    def carry(self, stream: Stream) -> None:
        """Cancel `stream` when the client goes; `end_serving` is to follow at its end."""
        self._stream = stream
        self.whole, self.trace = None, NO_TRACE
        del self.head

    def end_serving(self) -> None:
        """The stream has ended, and with it the request: the next one may begin."""
        self._stream = None
        if self._stepper is None:
            self._connection.end_request()

    def abort(self) -> None:
        """Break the connection off, so that nobody takes a part for the whole."""
        self._connection.abort()

    def _handled(self) -> None:
        self._stepper = None
        if self._stream is None:
            self._connection.end_request()

    def _goes_on(self, keep_alive: bool) -> bool:
        return keep_alive and self.keep_alive and not self._connection.is_last
