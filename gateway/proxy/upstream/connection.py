"""One connection to an upstream: bytes in and out, one exchange at a time, nothing believed.

`Phase` says what bytes that come mean. Heads are read by `http.response_parser`, which also says
what reads their bodies.
"""

import asyncio
from collections.abc import Callable
from enum import Enum
from math import inf
from typing import cast

from httptools import HttpParserError

from gateway.errors import (
    MalformedHttp,
    UpstreamError,
    UpstreamInvalid,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from gateway.http.chunked import ChunkedBody
from gateway.http.repetition import ChunkedRepetition, Repetition, repetition_of
from gateway.http.response_parser import (
    END,
    Body,
    CountedBody,
    Framing,
    ParsedResponse,
    UnboundedBody,
    check_beginning,
    parse_response,
)
from gateway.proxy.upstream.response import ResponseHead, UpstreamResponse
from gateway.proxy.upstream.seen import failure, shown
from gateway.proxy.upstream.upstream_limits import PoolLimits
from gateway.resilience.stepper import Pending

_PIECE_BYTES = 64 * 1024
READ_BYTES = 32 * 1024
_MAX_INTERIM_RESPONSES = 8  # H13: a storm of 1xx
_SWITCHING_PROTOCOLS = 101
_FIRST_INTERIM = 100  # RFC 9110 §15
_Repetition = Repetition[ResponseHead] | ChunkedRepetition[ResponseHead]
_NOTHING = memoryview(b"")


class Phase(Enum):
    """What a connection is doing."""

    IDLE = "no request is out: whatever comes is nobody's, and ends the connection"
    HEAD = "a request is out, and the head of its answer has not come"
    SHORT = "the head has come; it is handed over with all of a short body"
    BODY = "the head is handed over, and the body after it piece by piece"
    LOST = "nothing is read or written any more"


class SharedByConnections:
    """What all connections of a pool have in common.

    They read into one `buffer`: a loop's own reads, of up to 256 KiB, would be too much to hold
    for a client that does not read. What is read is copied at once. `on_free` is called when a
    connection may serve another exchange, `on_lost` once when it is gone.
    """

    __slots__ = ("buffer", "limits", "loop", "on_free", "on_lost")

    def __init__(
        self,
        limits: PoolLimits,
        on_free: Callable[["Connection"], None],
        on_lost: Callable[["Connection"], None],
    ) -> None:
        self.limits = limits
        self.on_free = on_free
        self.on_lost = on_lost
        self.buffer = memoryview(bytearray(READ_BYTES))
        # Asked once: before Python 3.12 each `get_running_loop` is a system call.
        self.loop = asyncio.get_running_loop()


class Connection(asyncio.BufferedProtocol):
    """A connection that is idle, or busy with the exchange that `start` began.

    Past `deadline` (the loop's clock) the pool calls `expire`.
    """

    __slots__ = (
        "_body",
        "_interim",
        "_is_head_request",
        "_keep_alive",
        "_phase",
        "_remembers",
        "_repetition",
        "_response",
        "_shared",
        "_transport",
        "_unread",
        "_unsent",
        "_waiter",
        "_writable",
        "deadline",
    )
    _transport: asyncio.Transport

    def __init__(self, shared: SharedByConnections) -> None:
        self.deadline = inf
        self._shared = shared
        self._phase = Phase.IDLE
        self._waiter: Pending[UpstreamResponse] | None = None
        self._response: UpstreamResponse | None = None
        self._body: Body | None = None
        self._unread = b""
        self._unsent = _NOTHING
        self._writable: asyncio.Future[None] | None = None
        self._is_head_request = self._remembers = self._keep_alive = False
        self._interim = 0
        self._repetition: _Repetition | None = None

    @property
    def is_lost(self) -> bool:
        """True when nothing can be sent any more."""
        return self._phase is Phase.LOST

    @property
    def has_unsent(self) -> bool:
        """True when `send_rest` is to be awaited."""
        return len(self._unsent) > 0

    def start(self, head: bytes, body: bytes) -> Pending[UpstreamResponse]:
        """Send a request; of a large body only the beginning, see `send_rest`."""
        shared = self._shared
        self._phase = Phase.HEAD
        self._is_head_request = head.startswith(b"HEAD ")
        # The answer to a GET lasts: nothing is kept for what comes after it.
        self._remembers = head.startswith(b"POST ")
        if not self._remembers:
            self._repetition = None
        self._interim = 0
        self.deadline = shared.loop.time() + shared.limits.first_byte_timeout_s
        waiter: Pending[UpstreamResponse] = Pending(shared.loop)
        self._waiter = waiter
        if len(body) <= _PIECE_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._unsent = memoryview(body)
        return waiter

    async def send_rest(self) -> None:
        """Send the large body as fast as the upstream takes it; ends early with the exchange."""
        while self._unsent:
            self._transport.write(self._unsent[:_PIECE_BYTES])
            self._unsent = self._unsent[_PIECE_BYTES:]
            if self._writable is not None:
                await self._writable
            shared = self._shared
            self.deadline = shared.loop.time() + shared.limits.first_byte_timeout_s

    def abandon(self, waiter: Pending[UpstreamResponse]) -> None:
        """Close the connection when it still serves this exchange, whose caller is gone."""
        if self._waiter is waiter:
            self._discard()
        elif not waiter.cancelled() and waiter.exception() is None:
            waiter.result().close()

    def expire(self) -> None:
        """Give up what has taken too long; idle connections just close."""
        response, shared = self._response, self._shared
        if response is not None and response.has_been_paused:
            # It is the client that did not read; the upstream's time begins when it does.
            response.has_been_paused = response.is_paused
            self.deadline = shared.loop.time() + shared.limits.idle_stream_timeout_s
            return
        seen = f"nothing more within {shared.limits.idle_stream_timeout_s:g} s"
        if response is None:
            seen = f"no answer within {shared.limits.first_byte_timeout_s:g} s"
        self.fail(UpstreamTimeout("The MCP server took too long to answer.", seen=seen))

    def fail(self, error: UpstreamError) -> None:
        """End the exchange with an error, if there is one, and the connection with it."""
        waiter, response = self._waiter, self._response
        if waiter is not None and not waiter.done():
            waiter.set_exception(error)
        elif waiter is None and response is not None:
            response.fail(error)
        self._discard()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def get_buffer(self, sizehint: int) -> memoryview:
        """Say where the next read goes to."""
        return self._shared.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Read on, then hand over once: a small response wakes its caller once."""
        data = bytes(self._shared.buffer[:nbytes])
        phase = self._phase
        try:
            if phase is Phase.HEAD:
                self._use_for_head(data)
            elif phase is Phase.SHORT or phase is Phase.BODY:
                self._use_for_body(data)
            else:
                self._discard()  # nobody asked, and the next caller must not get it
                return
        except (HttpParserError, MalformedHttp) as cause:
            error = UpstreamInvalid(
                "The MCP server answered something that is not HTTP.",
                reason="not_http",
                seen=shown(str(cause).encode()),
            )
            error.__cause__ = cause
            self.fail(error)
        except UpstreamInvalid as error:
            self.fail(error)
        else:
            self._hand_over()

    def eof_received(self) -> None:
        """Treat a half-closed connection as closed."""
        self.connection_lost(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Finish a body that ends with the connection; anything else was cut short."""
        if self._phase is Phase.LOST:
            return
        if self._response is None and not (self._unread or self._interim):
            # Nothing came back, but the request may have been seen, so nobody sends it again.
            self.fail(
                UpstreamUnreachable(
                    "The MCP server closed the connection.",
                    seen=f"{failure(exc)} before an answer",
                )
            )
        elif self._response is not None and type(self._body) is UnboundedBody and exc is None:
            self._response.finish()
            self._hand_over()
        else:
            self.fail(
                UpstreamInvalid(
                    "The MCP server's response was cut short.",
                    reason="cut_short",
                    seen=failure(exc),
                )
            )

    def pause_writing(self) -> None:
        """The send buffer is full."""
        self._writable = self._shared.loop.create_future()

    def resume_writing(self) -> None:
        """The send buffer has room."""
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    def _use_for_head(self, data: bytes) -> None:
        """Begin the response whose head is whole now."""
        if not self._unread and self._repeats(data):
            return
        self._unread += data
        end = self._unread.find(END) + len(END)
        while end >= len(END):
            raw, self._unread = self._unread[:end], self._unread[end:]
            self._check_head_size(raw)
            parsed = parse_response(raw)
            if not parsed.is_interim:
                rest, self._unread = self._unread, b""
                self._begin_parsed(raw, parsed)
                self._use_for_body(rest)
                return
            self._skip_interim(parsed.status)
            end = self._unread.find(END) + len(END)
        self._check_head_size(self._unread)
        check_beginning(self._unread)

    def _repeats(self, data: bytes) -> bool:
        """Begin a response whose head is known; False when it must be parsed."""
        repetition = self._repetition
        if repetition is None or self._unsent or self._interim:
            return False
        whole = _whole_body(repetition, data)
        if whole is not None:
            self._response = response = UpstreamResponse(repetition.head, self._transport)
            response.complete_with(whole)
            self._keep_alive = True
            return True
        rest = repetition.begins(data) if isinstance(repetition, ChunkedRepetition) else None
        if rest is None:
            return False
        self._begin(repetition.head, ChunkedBody(), Framing.STREAM)
        self._keep_alive = True
        self._use_for_body(rest)
        return True

    def _begin_parsed(self, raw: bytes, parsed: ParsedResponse) -> None:
        head = ResponseHead(parsed.status, parsed.headers)
        if self._is_head_request:
            self._begin(head, CountedBody(0), Framing.WHOLE)
            self._keep_alive = False
            return
        self._begin(head, parsed.body(), parsed.framing)
        self._keep_alive = parsed.keep_alive
        if not (self._remembers and parsed.keep_alive and not self._interim):
            return
        if parsed.is_chunked:
            self._repetition = ChunkedRepetition(raw, head)
        else:
            self._repetition = repetition_of(raw, head)

    def _begin(self, head: ResponseHead, body: Body, framing: Framing) -> None:
        is_short = framing is Framing.WHOLE
        self._response = UpstreamResponse(head, self._transport, is_short=is_short)
        self._body = body
        self._phase = Phase.SHORT if is_short else Phase.BODY

    def _use_for_body(self, data: bytes) -> None:
        """Pass a piece of the body on, and perhaps its end."""
        response, body = self._response, self._body
        if response is None or body is None:
            return
        piece, rest = body.feed(data) if data else (b"", b"")
        if piece:
            response.feed(piece)
        if body.is_complete:
            # The answer itself is good; what follows it is not, so the connection ends here.
            self._keep_alive = self._keep_alive and not rest and not self._unsent
            response.finish()

    def _skip_interim(self, status: int) -> None:
        self._interim += 1
        is_known = status >= _FIRST_INTERIM and status != _SWITCHING_PROTOCOLS
        if not is_known or self._interim > _MAX_INTERIM_RESPONSES:
            raise UpstreamInvalid(
                "The MCP server sent interim responses that make no sense.",
                reason="not_http",
                seen=f"status {status}",
            )

    def _check_head_size(self, raw: bytes) -> None:
        if len(raw) > self._shared.limits.max_head_bytes:
            raise UpstreamInvalid("The MCP server sent too large a head.", reason="bad_head")

    def _hand_over(self) -> None:
        response, waiter = self._response, self._waiter
        if response is None:
            return
        if response.complete:
            self._end_exchange(response)
        else:
            shared = self._shared
            self.deadline = shared.loop.time() + shared.limits.idle_stream_timeout_s
        if waiter is None:
            response.wake()
        elif waiter.cancelled():
            return  # `abandon` follows
        elif response.complete or self._phase is Phase.BODY:
            self._waiter = None
            waiter.set_result(response)

    def _end_exchange(self, response: UpstreamResponse) -> None:
        if self._waiter is not None and response.body is None:
            response.become_whole()
        self._response = self._waiter = self._body = None
        self._phase = Phase.IDLE
        if self._keep_alive:
            self._shared.on_free(self)
        else:
            self._discard()

    def _discard(self) -> None:
        self._waiter = self._response = self._body = None
        self._unsent, self._unread = _NOTHING, b""
        self.resume_writing()
        if self._phase is not Phase.LOST:
            self._phase = Phase.LOST
            self._transport.abort()
            self._shared.on_lost(self)


def _whole_body(repetition: _Repetition, data: bytes) -> bytes | None:
    if isinstance(repetition, ChunkedRepetition):
        return repetition.match(data)
    found = repetition.match(data)
    return found.rest if found is not None and len(found.rest) == found.length else None
