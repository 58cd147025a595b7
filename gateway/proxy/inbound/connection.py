"""One client connection: which bytes are whose, one request at a time, nothing believed.

`Phase` says what bytes that come mean. A request is begun when the answer before it is written
and the client reads; what it sends ahead waits here up to a bound, then in the kernel.
"""

import asyncio
import logging
from math import inf
from typing import TYPE_CHECKING, Any

from gateway.errors import GatewayError, RequestTimeout
from gateway.http.head import Head, judge_head
from gateway.http.peer import plain_address
from gateway.http.repetition import Repetition, repetition_of
from gateway.http.reply import error_reply, reply_bytes
from gateway.http.request_parser import END, check_sizes, parse_head
from gateway.http.trace_fields import TraceFields, parse_trace, trace_fields
from gateway.proxy.gate.client import BodyLimits
from gateway.proxy.inbound.client_request import ClientRequest
from gateway.proxy.inbound.phase import Phase
from gateway.proxy.inbound.request_body import HIGH_WATER_BYTES, RequestBody
from gateway.proxy.inbound.streams import Streams
from gateway.resilience.stepper import Pending

if TYPE_CHECKING:
    from gateway.proxy.inbound.listener import Listener

WRITE_BUFFER_BYTES = 32 * 1024  # of answers that a client does not read, before its turn ends
USES_A_TURN = 32  # heads and pieces of bodies
LINGER_S = 2.0  # RFC 9112 §9.6: read what is left of a refused request, but not for long
LONGEST_LINGER_S = 10.0  # while the client is still sending
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

logger = logging.getLogger(__name__)


class ClientConnection(asyncio.Protocol):
    """Reads requests one after the other and has each served.

    Past `deadline` (the loop's clock) the listener calls `expire`. `is_paused` while the client
    does not keep up, `has_stalled` once it was dropped for that.
    """

    __slots__ = (
        "_address",
        "_body",
        "_drained",
        "_is_going_on",
        "_is_reading",
        "_lingers_until",
        "_listener",
        "_phase",
        "_phase_deadline",
        "_repetition",
        "_request",
        "_stall_deadline",
        "_unread",
        "_unsent_bytes",
        "deadline",
        "has_stalled",
        "is_lost",
        "is_paused",
        "transport",
        "write_stall_s",
    )
    transport: asyncio.Transport

    def __init__(self, listener: "Listener") -> None:
        self.deadline = inf
        self.is_paused = self.has_stalled = self.is_lost = False
        self._repetition: Repetition[Head] | None = None
        self.write_stall_s = listener.limits.write_stall_s
        self._listener = listener
        self._address = ""
        self._phase = Phase.OPEN
        self._phase_deadline = self._stall_deadline = self._lingers_until = inf
        self._unsent_bytes = 0
        self._unread = b""
        self._is_reading = True
        self._is_going_on = False
        self._body: RequestBody | None = None
        self._request: ClientRequest | None = None
        self._drained: Pending[None] | None = None

    @property
    def streams(self) -> Streams:
        """Where streams are listed while they last."""
        return self._listener.streams

    @property
    def is_last(self) -> bool:
        """True when no further request is taken: the listener drains, or a body is broken."""
        return self._listener.is_draining or (self._body is not None and self._body.has_failed)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the client, or drop it at once when the listener is full."""
        self.transport = transport  # type: ignore[assignment]  # asyncio's servers make no other
        self._address = _address_of(transport)
        if not self._listener.admit(self, self._address):
            self.abort()
            return
        self.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._enter(Phase.OPEN, self._listener.limits.header_timeout_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client, and cancel what is done for it."""
        self._enter(Phase.CLOSED)
        self.is_lost = True
        # The head holds a token: whoever keeps this object a moment longer must not keep that.
        self._repetition, self._unread, self._drained = None, b"", None
        self._listener.forget(self, self._address)
        if self._request is not None:
            self._request.cancel()

    def data_received(self, data: bytes) -> None:
        """Use what came as far as it can be used now."""
        if self._phase is Phase.IDLE and self._repeats(data):
            return
        if self._phase is Phase.LINGERING:
            left_s = min(LINGER_S, self._lingers_until - self._listener.loop.time())
            self._enter(Phase.LINGERING, left_s)
            return
        self._unread = self._unread + data if self._unread else data
        self._go_on()

    def pause_writing(self) -> None:
        """The client does not keep up: it has `write_stall_s` to take something."""
        self.is_paused = True
        self._watch_for_stall()

    def resume_writing(self) -> None:
        """The client has taken what waited."""
        self.is_paused = False
        self._stall_deadline = inf
        self.deadline = self._phase_deadline
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._go_on()

    @property
    def is_body_here(self) -> bool:
        """Whether nothing is to come of the body of the request that is served."""
        return self._body is None or self._body.is_complete

    async def drain(self) -> None:
        """Wait until the client has taken what waits for it."""
        while self.is_paused:
            await self.drained()

    def drained(self) -> Pending[None]:
        """What is done when the client has taken what waits for it; for one to wait."""
        if self._drained is None or self._drained.done():
            self._drained = Pending(self._listener.loop)
        return self._drained

    async def read_body(self, head: Head, limits: BodyLimits) -> bytes:
        """Read the body of the request that is served; see `gate.client.Client`."""
        body = self._body
        if body is None:
            return b""
        now = self._listener.loop.time()
        body.want(limits, now)
        if not body.is_complete:
            if head.expects_continue:
                self.transport.write(_CONTINUE)
            self._read_on(True)
            self._enter_until(Phase.SERVING, body.deadline(now))
        return await body.rest(self._listener.loop)

    def expire(self) -> None:
        """Give up what has taken too long."""
        if self.is_paused and self.transport.get_write_buffer_size() < self._unsent_bytes:
            self._watch_for_stall()
        elif self.is_paused:
            self.has_stalled = True
            if self._request is None:
                self._listener.stalled()
            self.abort()
        elif self._phase is Phase.SERVING and self._body is not None:
            self._enter(Phase.SERVING)
            self._body.fail(RequestTimeout("The body takes too long to arrive."))
        elif self._phase is Phase.SKIPPING:
            self._end(lingers=True)
        elif self._phase is Phase.LINGERING and not self.transport.is_closing():
            self._close()
        else:
            self.abort()

    def abort(self) -> None:
        """Drop the connection, and what waits for the client with it."""
        self._enter(Phase.CLOSED)
        self.transport.abort()

    def close_if_idle(self) -> None:
        """Close a connection that has been used and whose next request has not begun."""
        if self._phase is Phase.IDLE and not self._unread:
            self._end(lingers=False)

    def cancel(self) -> None:
        """Cancel the request that is under way, and drop the connection."""
        self.abort()
        if self._request is not None:
            self._request.cancel()

    def _repeats(self, data: bytes) -> bool:
        """Begin a request whose head is known; False when it must be parsed."""
        repetition = self._repetition
        if repetition is None or self._unread or self.is_paused:
            return False
        found = repetition.match(data)
        if found is None:
            return False
        length, rest, trace = found.length, found.rest, parse_trace(found.trace)
        if len(rest) == length:
            self._begin(ClientRequest(self, repetition.head, trace, rest))
        else:
            self._unread = rest
            self._begin_with_body(repetition.head, trace, length)
            self._go_on()
        return True

    def _go_on(self) -> None:
        # Not by recursion: a thousand requests that are refused at once may wait here. Nor all in
        # one turn of the loop: they would keep every other client waiting.
        if self._is_going_on:
            return
        self._is_going_on = True
        try:
            for _ in range(USES_A_TURN):
                if not (self._unread and self._use()):
                    break
            else:
                self._listener.loop.call_soon(self._go_on)
        finally:
            self._is_going_on = False
        is_body_ahead = self._body is not None and self._body.is_too_far_ahead
        self._read_on(len(self._unread) <= HIGH_WATER_BYTES and not is_body_ahead)

    def _use(self) -> bool:
        """Use some of what came; False when something must happen first."""
        match self._phase:
            case Phase.SERVING | Phase.SKIPPING:
                return self._use_for_body()
            case Phase.OPEN | Phase.IDLE | Phase.HEAD:
                return not self.is_paused and self._use_for_head()
            case Phase.LINGERING | Phase.CLOSED:
                self._unread = b""
                return False

    def _use_for_head(self) -> bool:
        if self._phase is Phase.IDLE:
            self._enter(Phase.HEAD, self._listener.limits.header_timeout_s)
        # RFC 9112 §2.2: one empty line before a request is forgiven.
        if self._unread == b"\r":
            return False
        unread = self._unread.removeprefix(b"\r\n")
        end = unread.find(END) + len(END)
        try:
            if end < len(END):
                check_sizes(unread)
                return False
            raw, self._unread = unread[:end], unread[end:]
            parsed = parse_head(raw, self._address)
        except GatewayError as error:
            self._refuse(error)
            return False
        try:
            head = judge_head(parsed)
        except GatewayError as error:
            self.transport.write(self._listener.misread(parsed, error))
            self._end(lingers=bool(self._unread))
            return False
        fields = trace_fields(parsed.raw_headers)
        self._repetition, trace = repetition_of(raw, head, fields), parse_trace(fields)
        if head.has_body:
            self._begin_with_body(head, trace, head.body_bytes)
        else:
            self._begin(ClientRequest(self, head, trace, b""))
        return True

    def _use_for_body(self) -> bool:
        body = self._body
        if body is None or body.is_complete:
            return False
        if body.has_failed:
            self._unread = b""
            return False
        try:
            self._unread = body.feed(self._unread)
        except GatewayError as error:
            self._unread = b""
            if self._phase is Phase.SKIPPING:
                self._end(lingers=True)
            else:
                body.fail(error)
            return False
        if self._phase is Phase.SERVING:
            if self._phase_deadline != inf:
                self._enter_until(Phase.SERVING, body.deadline(self._listener.loop.time()))
            body.wake()
        elif body.is_complete:
            self._body = None
            self._enter(Phase.IDLE, self._listener.limits.keepalive_s)
        return True

    def _begin_with_body(self, head: Head, trace: TraceFields, length: int) -> None:
        self._phase = Phase.SERVING
        self._phase_deadline = self.deadline = inf
        body = RequestBody(length, is_chunked=head.is_chunked)
        self._body = body
        if self._unread:
            self._use_for_body()
        self._begin(ClientRequest(self, head, trace, None), body)

    def _begin(self, request: ClientRequest, body: RequestBody | None = None) -> None:
        listener = self._listener
        self._phase = Phase.SERVING
        self._phase_deadline = self.deadline = inf
        self._body, self._request = body, request
        request.serve(listener.handle(request), listener.group)

    def end_request(self) -> None:
        """The request is served: go on to the next one, or to the end of the connection."""
        request, body = self._request, self._body
        self._request = None
        if self._phase is Phase.CLOSED:
            return
        is_body_here = body is None or body.is_complete
        if request is None or not request.is_answered:
            self.abort()
        elif not request.keep_alive or self.is_last:
            self._end(lingers=not is_body_here or bool(self._unread))
        elif is_body_here:
            self._body = None
            self._enter(Phase.IDLE, self._listener.limits.keepalive_s)
            self._go_on()
        elif body is not None:
            body.drop()
            self._enter(Phase.SKIPPING, LINGER_S)
            self._go_on()

    def _refuse(self, error: GatewayError) -> None:
        """Answer what the parser refused, without a byte of what it refused."""
        logger.info(
            "request refused by the HTTP parser: %s", type(error.__cause__ or error).__name__
        )
        self._listener.refused(error.status, self._address)
        self.transport.write(reply_bytes(error_reply(error), keep_alive=False))
        self._end(lingers=True)

    def _end(self, *, lingers: bool) -> None:
        """Close once the client has what was written.

        `lingers` where it may be sending still: a close would reset the connection and could
        take the answer from it (RFC 9112 §9.6).
        """
        self._unread = b""
        if not lingers:
            self._close()
            return
        self._lingers_until = self._listener.loop.time() + LONGEST_LINGER_S
        self._enter(Phase.LINGERING, LINGER_S)
        if self.transport.can_write_eof():  # TLS cannot
            self.transport.write_eof()
        self._read_on(True)

    def _close(self) -> None:
        unsent = self.transport.get_write_buffer_size()
        self.transport.close()
        self._enter(Phase.LINGERING, self._listener.limits.write_stall_s if unsent else inf)

    def _enter(self, phase: Phase, within_s: float = inf) -> None:
        ends_at = inf if within_s == inf else self._listener.loop.time() + within_s
        self._enter_until(phase, ends_at)

    def _enter_until(self, phase: Phase, deadline: float) -> None:
        self._phase = phase
        self._phase_deadline = deadline
        self.deadline = min(self._phase_deadline, self._stall_deadline)

    def _watch_for_stall(self) -> None:
        self._unsent_bytes = self.transport.get_write_buffer_size()
        self._stall_deadline = self._listener.loop.time() + self.write_stall_s
        self.deadline = min(self._phase_deadline, self._stall_deadline)

    def _read_on(self, on: bool) -> None:
        if on is self._is_reading or self.transport.is_closing():
            return
        self._is_reading = on
        if on:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()


def _address_of(transport: asyncio.BaseTransport) -> str:
    peer: Any = transport.get_extra_info("peername")
    return plain_address(str(peer[0])) if peer else "unix"
