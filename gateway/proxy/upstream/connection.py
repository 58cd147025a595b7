"""One connection to an upstream: bytes in and out, one exchange at a time, nothing believed.

The framing rules that llhttp does not enforce are in `framing`. Its leniency flags stay off.
"""

import asyncio
from collections.abc import Callable
from math import inf
from typing import cast

from httptools import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserUpgrade,
    HttpResponseParser,
)

from gateway.errors import UpstreamError, UpstreamInvalid, UpstreamTimeout, UpstreamUnreachable
from gateway.http.framing import Framing, parse_framing
from gateway.http.message_head import Field, values_of
from gateway.http.repetition import ChunkedRepetition, Repetition, repetition_of
from gateway.proxy.upstream.response import ResponseHead, UpstreamResponse
from gateway.proxy.upstream.seen import failure, shown
from gateway.proxy.upstream.upstream_limits import PoolLimits
from gateway.resilience.stepper import Pending

_PIECE_BYTES = 64 * 1024
READ_BYTES = 32 * 1024
_END = b"\r\n\r\n"
_MAX_INTERIM_RESPONSES = 8  # H13: a storm of 1xx
_SWITCHING_PROTOCOLS = 101
_Repetition = Repetition[ResponseHead] | ChunkedRepetition[ResponseHead]
_FIRST_INTERIM, _FIRST_FINAL = 100, 200  # RFC 9110 §15


class Connection(asyncio.BufferedProtocol):
    """A connection that is idle, or busy with the exchange that `start` began.

    It reads into `buffer`, which all connections share: a loop's own reads, of up to 256 KiB,
    would be too much to hold for a client that does not read. What is read is copied at once.
    `on_free` is called when it may serve another exchange, `on_lost` once when it is gone.
    Past `deadline` (the loop's clock) the pool calls `expire`. `on_message_begin` to
    `on_message_complete` are called by the parser.
    """

    __slots__ = (
        "_buffer",
        "_bytes_since_body",
        "_framing",
        "_headers",
        "_interim",
        "_is_head_request",
        "_is_lost",
        "_keep_alive",
        "_limits",
        "_loop",
        "_on_free",
        "_on_lost",
        "_parser",
        "_repetition",
        "_response",
        "_transport",
        "_unsent",
        "_waiter",
        "_writable",
        "deadline",
    )
    _transport: asyncio.Transport

    def __init__(
        self,
        limits: PoolLimits,
        buffer: bytearray,
        on_free: Callable[["Connection"], None],
        on_lost: Callable[["Connection"], None],
    ) -> None:
        self.deadline = inf
        self._limits = limits
        self._buffer = memoryview(buffer)
        self._on_free = on_free
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._parser = HttpResponseParser(self)
        self._waiter: Pending[UpstreamResponse] | None = None
        self._response: UpstreamResponse | None = None
        self._headers: list[Field] = []
        self._framing = Framing.WHOLE
        self._unsent = memoryview(b"")
        self._writable: asyncio.Future[None] | None = None
        self._is_lost = False
        self._is_head_request = False
        self._keep_alive = False
        self._bytes_since_body = 0
        self._interim = 0
        self._repetition: _Repetition | None = None

    @property
    def is_lost(self) -> bool:
        """True when nothing can be sent any more."""
        return self._is_lost

    @property
    def has_unsent(self) -> bool:
        """True when `send_rest` is to be awaited."""
        return len(self._unsent) > 0

    def start(self, head: bytes, body: bytes) -> Pending[UpstreamResponse]:
        """Send a request; of a large body only the beginning, see `send_rest`."""
        self._headers = []
        self._is_head_request = head.startswith(b"HEAD ")
        self._bytes_since_body = self._interim = 0
        self.deadline = self._loop.time() + self._limits.first_byte_timeout_s
        waiter: Pending[UpstreamResponse] = Pending(self._loop)
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
            self.deadline = self._loop.time() + self._limits.first_byte_timeout_s

    def abandon(self, waiter: Pending[UpstreamResponse]) -> None:
        """Close the connection when it still serves this exchange, whose caller is gone."""
        if self._waiter is waiter:
            self._discard()
        elif not waiter.cancelled() and waiter.exception() is None:
            waiter.result().close()

    def expire(self) -> None:
        """Give up what has taken too long; idle connections just close."""
        response = self._response
        if response is not None and response.has_been_paused:
            # It is the client that did not read; the upstream's time begins when it does.
            response.has_been_paused = response.is_paused
            self.deadline = self._loop.time() + self._limits.idle_stream_timeout_s
        else:
            self.fail(
                UpstreamTimeout("The MCP server took too long to answer.", seen=self._silence)
            )

    @property
    def _silence(self) -> str:
        if self._response is None:
            return f"no answer within {self._limits.first_byte_timeout_s:g} s"
        return f"nothing more within {self._limits.idle_stream_timeout_s:g} s"

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
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Parse, then hand over once: head and body of a small response wake their caller once."""
        if self._waiter is None and self._response is None:
            self._discard()  # nobody asked: whatever it is, the next caller must not get it
            return
        is_first = self._bytes_since_body == 0 and self._response is None
        if is_first and self._repeats(nbytes):
            return
        self._bytes_since_body += nbytes
        try:
            self._parser.feed_data(self._buffer[:nbytes])
        except (HttpParserError, HttpParserUpgrade) as cause:
            self._refuse(cause)
            return
        if self._bytes_since_body > self._limits.max_head_bytes:
            self.fail(UpstreamInvalid("The MCP server sent too large a head.", reason="bad_head"))
            return
        if is_first:
            self._remember(nbytes)
        self._hand_over()

    def eof_received(self) -> None:
        """Treat a half-closed connection as closed."""
        self.connection_lost(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Finish a body that ends with the connection; anything else was cut short."""
        if self._is_lost:
            return
        if self._response is None and self._bytes_since_body == 0:
            # Nothing came back, but the request may have been seen, so nobody sends it again.
            self.fail(
                UpstreamUnreachable(
                    "The MCP server closed the connection.",
                    seen=f"{failure(exc)} before an answer",
                )
            )
        elif self._response is not None and self._framing is Framing.UNTIL_CLOSE and exc is None:
            self._keep_alive = False
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
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        """The send buffer has room."""
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    def on_message_begin(self) -> None:
        """Refuse a second response to one request."""
        if self._response is not None:
            raise UpstreamInvalid("The MCP server answered twice.", reason="not_http")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header; a trailer is none (RFC 9110 §6.5.1)."""
        if self._response is None:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Begin the response, or skip an interim one."""
        status = self._parser.get_status_code()
        if status < _FIRST_FINAL:
            self._skip_interim(status)
            return
        if self._bytes_since_body > self._limits.max_head_bytes:
            self._check_head_size()
        self._framing = parse_framing(status, self._parser.get_http_version(), self._headers)
        self._response = response = UpstreamResponse(
            ResponseHead(status, self._headers),
            self._transport,
            is_short=self._framing is Framing.WHOLE,
        )
        if self._is_head_request:
            # llhttp cannot be told that no body follows, so it parses no further response.
            self._keep_alive = False
            response.finish()

    def on_body(self, body: bytes) -> None:
        """Pass a piece of body on."""
        self._bytes_since_body = 0
        if self._response is not None and not self._response.complete:
            self._response.feed(body)

    def on_message_complete(self) -> None:
        """End the response; an interim one has none."""
        if self._response is not None and not self._is_head_request:
            self._keep_alive = self._parser.should_keep_alive() and not self._unsent
            self._response.finish()

    def _repeats(self, nbytes: int) -> bool:
        """Take a whole response whose head is known; False when it must be parsed."""
        repetition = self._repetition
        if repetition is None or self._unsent or self._is_head_request:
            return False
        body = _whole_body(repetition, bytes(self._buffer[:nbytes]))
        if body is None:
            return False
        self._response = response = UpstreamResponse(repetition.head, self._transport)
        response.body = body
        response.complete = self._keep_alive = True
        self._hand_over()
        return True

    def _remember(self, nbytes: int) -> None:
        """Keep a head that came with all of its body, and with nothing before or after it."""
        response = self._response
        if response is None or not response.complete or not self._keep_alive or self._interim:
            return
        raw = bytes(self._buffer[:nbytes])
        raw = raw[: raw.find(_END) + len(_END)]
        if values_of(response.headers, b"transfer-encoding"):
            self._repetition = ChunkedRepetition(raw, response.head)
        else:
            self._repetition = repetition_of(raw, response.head)

    def _skip_interim(self, status: int) -> None:
        self._interim += 1
        is_known = status >= _FIRST_INTERIM and status != _SWITCHING_PROTOCOLS
        if not is_known or self._interim > _MAX_INTERIM_RESPONSES:
            raise UpstreamInvalid(
                "The MCP server sent interim responses that make no sense.",
                reason="not_http",
                seen=f"status {status}",
            )
        self._headers.clear()

    def _check_head_size(self) -> None:
        # The read that ends a head may hold body too, so only now its own size is counted.
        size = sum(len(name) + len(value) + 4 for name, value in self._headers)
        if size > self._limits.max_head_bytes:
            raise UpstreamInvalid("The MCP server sent too large a head.", reason="bad_head")

    def _refuse(self, cause: Exception) -> None:
        if self._response is not None and self._response.complete:
            # The answer itself is good; what follows it is not, so the connection ends here.
            self._keep_alive = False
            self._hand_over()
            return
        if isinstance(cause, HttpParserCallbackError) and isinstance(
            cause.__context__, UpstreamInvalid
        ):
            self.fail(cause.__context__)
            return
        error = UpstreamInvalid(
            "The MCP server answered something that is not HTTP.",
            reason="not_http",
            seen=shown(str(cause).encode()),
        )
        error.__cause__ = cause
        self.fail(error)

    def _hand_over(self) -> None:
        response, waiter = self._response, self._waiter
        if response is None:
            return
        if response.complete:
            self._end_exchange(response)
        else:
            self.deadline = self._loop.time() + self._limits.idle_stream_timeout_s
        if waiter is None:
            response.wake()
        elif waiter.cancelled():
            return  # `abandon` follows
        elif response.complete or self._framing is not Framing.WHOLE:
            self._waiter = None
            waiter.set_result(response)

    def _end_exchange(self, response: UpstreamResponse) -> None:
        if self._waiter is not None and response.body is None:
            response.become_whole()
        self._response = self._waiter = None
        if self._keep_alive:
            self._on_free(self)
        else:
            self._discard()

    def _discard(self) -> None:
        self._waiter = self._response = None
        self._unsent = memoryview(b"")
        self.resume_writing()
        if not self._is_lost:
            self._is_lost = True
            self._transport.abort()
            self._on_lost(self)


def _whole_body(repetition: _Repetition, data: bytes) -> bytes | None:
    if isinstance(repetition, ChunkedRepetition):
        return repetition.match(data)
    found = repetition.match(data)
    return found.rest if found is not None and len(found.rest) == found.length else None
