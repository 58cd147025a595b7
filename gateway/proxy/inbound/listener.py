"""The public listener: aiohttp's low-level server with the doors closed that it leaves open.

aiohttp's own answers to a malformed request carry the offending bytes, an Authorization
header with its token among them; a connection that sends half a head is kept for an hour;
nothing counts connections. `docs/decisions/002-low-level-server.md` says why not `Application`.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from aiohttp import EMPTY_PAYLOAD, StreamReader, http_parser
from aiohttp.http import RawRequestMessage, StreamWriter
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web import BaseRequest, RequestHandler, RequestPayloadError, Server, StreamResponse

from gateway.errors import ConfigError, GatewayError, InvalidRequest
from gateway.http.peer import Network, is_trusted, plain_address
from gateway.http.reply import HeadTooLarge, error_reply, reply_bytes
from gateway.proxy.inbound.aiohttp_request import ClientRequest, Drain
from gateway.proxy.inbound.head_bound import MAX_HEAD_BYTES, HeadBound, is_too_large
from gateway.proxy.limits.caller import network_of

logger = logging.getLogger(__name__)

Handler = Callable[[BaseRequest], Awaitable[StreamResponse]]
MAX_LINE_BYTES = 16 * 1024  # RFC 9112 §3 recommends at least 8000 octets
MAX_FIELD_BYTES = 20 * 1024  # a 16 KiB token and its header name
WRITE_BUFFER_BYTES = 16 * 1024  # of answers that a client does not read, before its turn ends
LINGER_S = 2.0  # RFC 9112 §9.3: read what is left of a refused request, but not for long
LONGEST_LINGER_S = 10.0  # while the client is still sending


@dataclass(frozen=True, slots=True)
class ListenerLimits:
    """What a client gets before anybody knows who it is.

    `connections_per_address` is not for `proxies`, which speak for many clients. After
    `write_stall_s` without reading a client is dropped.
    """

    connections: int
    connections_per_address: int
    header_timeout_s: float
    keepalive_s: float
    write_stall_s: float
    proxies: tuple[Network, ...] = ()


class _Unread(NamedTuple):
    """Stands among the messages for a request that was not read to the end of its head."""

    exc: Exception


def require_c_parser() -> None:
    """Refuse aiohttp's pure-Python parser, which takes requests that the C one refuses.

    Raises `ConfigError`.
    """
    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        raise ConfigError(
            "aiohttp runs without its C parser, which differs on hostile requests.\n"
            "Install a binary wheel of aiohttp and unset AIOHTTP_NO_EXTENSIONS."
        )


class GatewayServer(Server):
    """Makes one `ClientConnection` per client and counts them.

    `refused` is told the status of what was answered without becoming a request, `stalled` of
    each client that was dropped between two requests because it did not read.
    """

    def __init__(
        self,
        handler: Handler,
        limits: ListenerLimits,
        refused: Callable[[int, str], None],
        stalled: Callable[[], None],
    ) -> None:
        super().__init__(handler, handler_cancellation=True)
        self.limits = limits
        self.refused = refused
        self.stalled = stalled
        self.draining = Drain()
        self.per_address: Counter[str] = Counter()

    def __call__(self) -> "ClientConnection":
        return ClientConnection(self, loop=asyncio.get_running_loop())

    def is_full(self, address: str) -> bool:
        """True when this address, or the listener, has no connection left to give."""
        limits = self.limits
        if len(self.connections) >= limits.connections:
            return True
        if self.per_address[network_of(address)] < limits.connections_per_address:
            return False
        return not is_trusted(address, limits.proxies)

    def drain(self) -> None:
        """Close what is idle; every answer from now on is the last of its connection.

        A client would otherwise send its next request to a gateway that reads no more.
        """
        self.draining.has_begun = True
        for connection in self.connections:
            if isinstance(connection, ClientConnection):
                connection.close_when_idle()


class ClientConnection(RequestHandler):
    """One client connection: heads must arrive in time, parser errors are answered blandly."""

    __slots__ = (
        "_address",
        "_bound",
        "_head_timer",
        "_is_deaf",
        "_latest",
        "_lingering",
        "_lingers_until",
        "_parsed",
        "_server",
        "_waiting_since",
    )

    def __init__(self, server: GatewayServer, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # None switches it off: the audit log is ours
            keepalive_timeout=server.limits.keepalive_s,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_FIELD_BYTES,
            auto_decompress=False,
        )
        self._server = server
        self._address = ""
        self._head_timer: asyncio.TimerHandle | None = None
        self._waiting_since: float | None = None
        self._latest: StreamReader = EMPTY_PAYLOAD  # the body of the last head that was parsed
        self._bound = HeadBound()
        self._parsed = 0
        self._is_deaf = False
        self._lingering: asyncio.Timeout | None = None
        self._lingers_until = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the client, or drop it at once when the listener is full."""
        self._address = _address_of(transport)
        full = self._server.is_full(self._address)
        self._server.per_address[network_of(self._address)] += 1
        super().connection_made(transport)
        if full:
            self._server.refused(503, self._address)
            self.force_close()
            return
        if self.transport is not None:
            self.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._expect_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the client."""
        if self._head_timer is not None:
            self._head_timer.cancel()
        counts, network = self._server.per_address, network_of(self._address)
        counts[network] -= 1
        if counts[network] <= 0:
            del counts[network]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse; a head that has begun must be whole within the header timeout."""
        if self._is_deaf:
            if self._lingering is not None:
                ends_at = min(self._loop.time() + LINGER_S, self._lingers_until)
                self._lingering.reschedule(ends_at)
            return
        super().data_received(data)
        self._bound_heads(len(data))
        if self._waiter is None or self._waiter.done():
            self._waiting_since = None
        elif self._waiting_since is None:
            self._expect_head()

    def _bound_heads(self, size: int) -> None:
        new = self._request_count - self._parsed
        if new:
            self._parsed, self._latest = self._request_count, self._messages[-1][1]
        elif self._reading_paused:
            return  # the rest of a body, which the parser keeps until somebody reads
        held = self._bound.take(size, self._parsed, self._latest.total_bytes)
        if held <= MAX_HEAD_BYTES:
            return
        whole = [m for m, _ in islice(reversed(self._messages), new) if hasattr(m, "raw_headers")]
        if self._bound.has_begun or any(is_too_large(each.raw_headers) for each in whole):
            self._refuse_rest(new)

    def _refuse_rest(self, new: int) -> None:
        """Read no more of this client, and say so in its turn."""
        self._is_deaf = True
        if not new and not self._latest.is_eof():
            self._latest.set_exception(RequestPayloadError("trailers without end"))
            return
        for _ in range(new):
            self._messages.pop()
        refused: Any = (_Unread(LineTooLong(b"", MAX_HEAD_BYTES)), EMPTY_PAYLOAD)
        self._messages.append(refused)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def close(self) -> None:
        """Close at once when nothing is under way; else what is, is the last."""
        # Not aiohttp's own: it would stop reading, in the midst of a request's body, too.
        if self._waiter is not None:
            self.force_close()

    def close_when_idle(self) -> None:
        """Close a connection that has been used and whose next request has not begun."""
        if self._waiter is not None and self._request_count and not self._bound.has_begun:
            self.force_close()

    def force_close(self) -> None:
        """Close, and do not wait for ever until a client has read the rest."""
        transport = self.transport
        super().force_close()
        if transport is not None:
            self._abort_unread(transport)

    def _abort_unread(self, transport: asyncio.Transport) -> None:
        # A closed transport stays, with its buffer, until everything is sent.
        if transport.get_write_buffer_size():
            self._loop.call_later(self._server.limits.write_stall_s, transport.abort)

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Resume after a pause; aiohttp also calls this when there was none (7 µs a request)."""
        if self._reading_paused:
            super().resume_reading(resume_parser)

    async def start(self) -> None:
        """Serve one request after the other until the connection is to close.

        aiohttp's own loop makes a task of every request; a handler in the connection's task
        saves two turns of the event loop, 30 µs. Cancelling that task when the client is gone
        cancels the handler.
        """
        task = asyncio.current_task(self._loop)
        assert task is not None  # noqa: S101  # narrows the type
        while not self._force_close:
            # The next answer is not begun before the last one is read: one client, one answer.
            if self._paused and not await self._is_reading():
                break
            message, payload = await self._next_message()
            if not isinstance(message, RawRequestMessage):
                self._refuse(message.exc)
                break
            if not await self._serve(message, payload, task) or self._server.draining.has_begun:
                break
            self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
            if self._keepalive_handle is None:
                self._keepalive_handle = self._loop.call_at(
                    self._next_keepalive_close_time, self._process_keepalive
                )
        await self._linger()
        self._task_handler = None
        if self.transport is not None:
            self.transport.close()
            self._abort_unread(self.transport)

    async def _is_reading(self) -> bool:
        """Wait until the client has read; False when it was dropped because it did not."""
        try:
            async with asyncio.timeout(self._server.limits.write_stall_s):
                await self._drain_helper()
        except ConnectionError:
            return False
        except TimeoutError:
            self._server.stalled()
            if self.transport is not None:
                self.transport.abort()
            return False
        return True

    async def _linger(self) -> None:
        """Let the client read the last answer before the connection goes: RFC 9112 §9.6.

        Closing with bytes unread resets the connection, and the reset may overtake the answer.
        """
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        self._is_deaf = True
        if transport.can_write_eof():
            transport.write_eof()
        elif self._latest.is_eof() and not self._messages and self._upgraded is False:
            return  # TLS has no half-close; only who may still be sending is waited for
        self._resume_transport_reading()
        self._lingers_until = self._loop.time() + LONGEST_LINGER_S
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S) as self._lingering:
                await self._loop.create_future()  # cancelled when the client is gone

    async def _next_message(self) -> tuple[Any, StreamReader]:
        if not self._messages:
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        message = self._messages.popleft()
        if self._parser is not None:  # gone with the connection
            self._parser.message_consumed()
        if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
            self._resume_reading_if_drained()
        return message

    async def _serve(
        self, message: RawRequestMessage, payload: StreamReader, task: asyncio.Task[Any]
    ) -> bool:
        """Have one request handled; True when the connection can carry another."""
        if self._request_handler is None:
            return False
        request = ClientRequest(
            message,
            payload,
            self,
            payload_writer=StreamWriter(self, self._loop),
            task=task,
            loop=self._loop,
            drain=self._server.draining,
        )
        self._request_in_progress = True
        self._current_request = request
        try:
            written = await self._request_handler(request)
        except ConnectionError:
            return False
        finally:
            self._current_request = None
            self._request_in_progress = False
            if self._handler_waiter is not None:
                self._handler_waiter.set_result(None)
        if not written.keep_alive:
            return False
        return payload.is_eof() or await self._discard(payload)

    async def _discard(self, payload: StreamReader) -> bool:
        """Read what is left of a request that was answered early: RFC 9112 §9.3."""
        try:
            async with asyncio.timeout(LINGER_S):
                while not payload.is_eof():
                    await payload.readany()
        except (TimeoutError, RequestPayloadError):
            return False
        return True

    def _refuse(self, cause: BaseException) -> None:
        """Answer what the parser refused, without a byte of what it refused."""
        logger.info("request refused by the HTTP parser: %s", type(cause).__name__)
        error = _parser_error(cause)
        self._server.refused(error.status, self._address)
        if self.transport is not None:
            self.transport.write(reply_bytes(error_reply(error), keep_alive=False))

    def _expect_head(self) -> None:
        self._waiting_since = self._loop.time()
        if self._head_timer is None:
            self._time_head(self._waiting_since)

    def _time_head(self, since: float) -> None:
        deadline = since + self._server.limits.header_timeout_s
        self._head_timer = self._loop.call_at(deadline, self._check_head, deadline)

    def _check_head(self, deadline: float) -> None:
        # One timer at a time, never cancelled for a head that came: it looks again when it fires.
        self._head_timer = None
        since = self._waiting_since
        if since is None:
            return
        if since + self._server.limits.header_timeout_s <= deadline:
            self.force_close()
        else:
            self._time_head(since)


def _address_of(transport: asyncio.BaseTransport) -> str:
    peer: Any = transport.get_extra_info("peername")
    return plain_address(str(peer[0])) if peer else "unix"


def _parser_error(exc: BaseException | None) -> GatewayError:
    if isinstance(exc, LineTooLong):
        return HeadTooLarge("The request head is too large.")
    return InvalidRequest("The request is not well-formed HTTP.", reason="bad_http")
