"""The connections to one upstream: few, reused, and waited for only so long."""

import asyncio
from collections import deque
from collections.abc import Callable

from gateway.errors import UpstreamBusy, UpstreamTimeout, UpstreamUnreachable
from gateway.proxy.upstream.connection import Connection, SharedByConnections
from gateway.proxy.upstream.response import UpstreamResponse
from gateway.proxy.upstream.seen import failure
from gateway.proxy.upstream.target import Target, open_connection
from gateway.proxy.upstream.upstream_limits import PoolLimits
from gateway.resilience.time_limit import time_limit

_MIN_TICK_S = 0.01
_MAX_TICK_S = 0.5  # an idle connection lives at most this much longer than configured


class UpstreamPool:
    """Exchanges requests for responses, over at most `max_connections` connections.

    The last connection used is the first to be used again, so that the others grow old and
    close. No request is ever sent twice (RFC 9110 §9.2.2): one that may have been seen fails.
    `on_unreachable` is called when a connection could not be made.
    """

    def __init__(self, target: Target, limits: PoolLimits) -> None:
        self.target = self._target = target
        self.on_unreachable: Callable[[], None] = lambda: None
        self._limits = limits
        self._shared = SharedByConnections(limits, self._on_free, self._on_lost)
        self._loop = self._shared.loop
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        # A place is taken by a connection that is made, by one that is open, and by a waiter who
        # was told to make one. `_take_place` and `_leave_place` alone count.
        self._taken = 0
        self._waiters: deque[asyncio.Future[Connection | None]] = deque()
        self._sweeper: asyncio.TimerHandle | None = None
        self._is_closed = False
        timeouts = (
            limits.idle_timeout_s,
            limits.first_byte_timeout_s,
            limits.idle_stream_timeout_s,
        )
        self._tick_s = min(max(min(timeouts) / 8, _MIN_TICK_S), _MAX_TICK_S)

    async def send(
        self, head: bytes, body: bytes, check: Callable[[], None] | None = None
    ) -> UpstreamResponse:
        """Send a request and wait for the head of its response.

        `check` is called when there is a connection, just before the first byte: what it raises
        leaves the request unsent.
        Raises `UpstreamUnreachable`, `UpstreamBusy`, `UpstreamTimeout` or `UpstreamInvalid`.
        Cancelling it closes the connection.
        """
        connection = self._take_idle() or await self._acquire()
        if check is not None:
            try:
                check()
            except BaseException:
                self._pass_on(connection)
                raise
        waiter = connection.start(head, body)
        try:
            if connection.has_unsent:
                await connection.send_rest()
            return await waiter
        except asyncio.CancelledError:
            connection.abandon(waiter)
            raise

    async def aclose(self) -> None:
        """Close every connection; exchanges under way fail."""
        self._is_closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        for waiter in self._waiters:
            _refuse(waiter)
        for connection in tuple(self._open):
            connection.fail(UpstreamUnreachable("The gateway is shutting down."))
        # Transports close on the loop's next turns; without them sockets would leak at exit.
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    def _take_idle(self) -> Connection | None:
        now = self._loop.time()
        while self._idle:
            connection = self._idle.pop()
            if connection.deadline > now:
                return connection
            connection.expire()  # the loop was too busy to sweep
        return None

    async def _acquire(self) -> Connection:
        while not self._is_closed:
            if self._take_place():
                return await self._connect()
            connection = await self._wait()
            if connection is None:
                return await self._connect()
            if not connection.is_lost:
                return connection
        raise UpstreamUnreachable("The gateway is shutting down.")

    def _take_place(self) -> bool:
        if self._taken >= self._limits.max_connections:
            return False
        self._taken += 1
        return True

    def _leave_place(self) -> None:
        """Give a place to the first who waits, or count it free."""
        waiter = self._next_waiter()
        if waiter is not None:
            waiter.set_result(None)
        else:
            self._taken -= 1

    async def _connect(self) -> Connection:
        """Make a connection in the place that the caller has taken."""
        try:
            connection = await self._open_one()
        except BaseException:
            self._leave_place()
            raise
        self._open.add(connection)
        self._check_new(connection)
        if self._sweeper is None:
            self._sweep()
        return connection

    async def _open_one(self) -> Connection:
        try:
            async with time_limit(self._limits.connect_timeout_s):
                return await open_connection(self._target, self._make_connection)
        except TimeoutError as cause:
            self.on_unreachable()
            raise UpstreamTimeout(
                "The MCP server could not be reached in time.",
                seen=f"{self._target.place}: no connection in {self._limits.connect_timeout_s:g} s",
            ) from cause
        except OSError as cause:
            self.on_unreachable()
            raise UpstreamUnreachable(
                "The MCP server could not be reached.",
                seen=f"{self._target.place}: {failure(cause)}",
            ) from cause

    def _make_connection(self) -> Connection:
        return Connection(self._shared)

    def _check_new(self, connection: Connection) -> None:
        if self._is_closed:
            connection.fail(UpstreamUnreachable("The gateway is shutting down."))
        if connection.is_lost:
            self._on_lost(connection)
            raise UpstreamUnreachable(
                "The MCP server closed the connection.",
                seen=f"{self._target.place}: closed at once",
            )

    async def _wait(self) -> Connection | None:
        """Wait for a connection, or None: a place to make one in."""
        if len(self._waiters) >= self._limits.max_waiting:
            raise _busy()
        waiter: asyncio.Future[Connection | None] = self._loop.create_future()
        self._waiters.append(waiter)
        timer = self._loop.call_later(self._limits.max_wait_s, _refuse, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._pass_on(waiter.result())
            raise
        finally:
            timer.cancel()
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _next_waiter(self) -> asyncio.Future[Connection | None] | None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                return waiter
        return None

    def _pass_on(self, connection: Connection | None) -> None:
        if connection is None:
            self._leave_place()
        elif not connection.is_lost:
            self._on_free(connection)

    def _on_free(self, connection: Connection) -> None:
        connection.deadline = self._loop.time() + self._limits.idle_timeout_s
        if self._waiters and (waiter := self._next_waiter()) is not None:
            waiter.set_result(connection)
        else:
            self._idle.append(connection)

    def _on_lost(self, connection: Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)
        if connection in self._open:  # else it was lost while it was made
            self._open.remove(connection)
            self._leave_place()

    def _sweep(self) -> None:
        # One timer for all connections: a timer of its own costs each exchange 2 µs.
        now = self._loop.time()
        try:
            for connection in [each for each in self._open if each.deadline <= now]:
                connection.expire()
        finally:  # else one that fails would let all others grow old for ever
            self._sweeper = self._loop.call_later(self._tick_s, self._sweep) if self._open else None


def _busy() -> UpstreamBusy:
    return UpstreamBusy("The MCP server has all it can do.")


def _refuse(waiter: asyncio.Future[Connection | None]) -> None:
    if not waiter.done():
        waiter.set_exception(_busy())
