"""The public listener: aiohttp's low-level server with the doors closed that it leaves open.

aiohttp's own answers to a malformed request carry the offending bytes, an Authorization
header with its token among them; a connection that sends half a head is kept for an hour;
nothing counts connections. `docs/decisions/002-low-level-server.md` says why not `Application`.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import StreamReader, http_parser
from aiohttp.http import RawRequestMessage, StreamWriter
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web import BaseRequest, RequestHandler, RequestPayloadError, Server, StreamResponse

from gateway.errors import ConfigError, GatewayError, InvalidRequest
from gateway.proxy.respond import HeadTooLarge, error_reply, reply_bytes

logger = logging.getLogger(__name__)

Handler = Callable[[BaseRequest], Awaitable[StreamResponse]]
MAX_LINE_BYTES = 16 * 1024  # RFC 9112 §3 recommends at least 8000 octets
MAX_FIELD_BYTES = 20 * 1024  # a 16 KiB token and its header name
LINGER_S = 2.0  # RFC 9112 §9.3: read what is left of a refused request, but not for long


@dataclass(frozen=True, slots=True)
class ListenerLimits:
    """What a client gets before anybody knows who it is."""

    connections: int
    connections_per_address: int
    header_timeout_s: float
    keepalive_s: float


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
    """Makes one `ClientConnection` per client and counts them."""

    def __init__(
        self, handler: Handler, limits: ListenerLimits, refused: Callable[[int, str], None]
    ):
        super().__init__(handler, handler_cancellation=True)
        self.limits = limits
        self.refused = refused
        self.per_address: Counter[str] = Counter()

    def __call__(self) -> "ClientConnection":
        return ClientConnection(self, loop=asyncio.get_running_loop())

    def is_full(self, address: str) -> bool:
        """True when this address, or the listener, has no connection left to give."""
        return (
            len(self.connections) >= self.limits.connections
            or self.per_address[address] >= self.limits.connections_per_address
        )


class ClientConnection(RequestHandler):
    """One client connection: heads must arrive in time, parser errors are answered blandly."""

    __slots__ = ("_address", "_head_timer", "_server", "_waiting_since")

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

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the client, or drop it at once when the listener is full."""
        self._address = _address_of(transport)
        full = self._server.is_full(self._address)
        self._server.per_address[self._address] += 1
        super().connection_made(transport)
        if full:
            self._server.refused(503, self._address)
            self.force_close()
            return
        self._expect_head()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the client."""
        if self._head_timer is not None:
            self._head_timer.cancel()
        counts = self._server.per_address
        counts[self._address] -= 1
        if counts[self._address] <= 0:
            del counts[self._address]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse; a head that has begun must be whole within the header timeout."""
        super().data_received(data)
        if self._waiter is None or self._waiter.done():
            self._waiting_since = None
        elif self._waiting_since is None:
            self._expect_head()

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
            message, payload = await self._next_message()
            if not isinstance(message, RawRequestMessage):
                self._refuse(message.exc)
                break
            if not await self._serve(message, payload, task) or self._close:
                break
            self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
            if self._keepalive_handle is None:
                self._keepalive_handle = self._loop.call_at(
                    self._next_keepalive_close_time, self._process_keepalive
                )
        self._task_handler = None
        if self.transport is not None:
            self.transport.close()

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
        if self._request_factory is None or self._request_handler is None:
            return False
        writer = StreamWriter(self, self._loop)
        request = self._request_factory(message, payload, self, writer, task)
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
    return str(peer[0]) if peer else "unix"


def _parser_error(exc: BaseException | None) -> GatewayError:
    if isinstance(exc, LineTooLong):
        return HeadTooLarge("The request head is too large.")
    return InvalidRequest("The request is not well-formed HTTP.", reason="bad_http")
