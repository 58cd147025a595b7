"""The public listener: one connection for each client, counted, and held to its time."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gateway.errors import GatewayError
from gateway.http.head import ParsedHead
from gateway.http.peer import Network, is_trusted, network_of
from gateway.proxy.inbound.client_request import ClientRequest
from gateway.proxy.inbound.connection import ClientConnection
from gateway.proxy.inbound.streams import Streams

_MIN_TICK_S = 0.01
_MAX_TICK_S = 0.5  # a limit of seconds may be exceeded by this much


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


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told of what became of no request.

    `refused`: the status that was answered, and the address; `stalled`: a client was dropped
    between two requests because it did not read the answers.
    """

    refused: Callable[[int, str], None]
    stalled: Callable[[], None]


class Listener:
    """What all client connections share.

    `handle` serves one request; `misread` answers a head that was parsed and cannot be believed.
    Tasks are those of `group`.
    """

    def __init__(
        self,
        handle: Callable[[ClientRequest], Coroutine[Any, Any, None]],
        misread: Callable[[ParsedHead, GatewayError], bytes],
        limits: ListenerLimits,
        told: Told,
        streams: Streams,
        group: asyncio.TaskGroup,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.handle = handle
        self.misread = misread
        self.limits = limits
        self.refused = told.refused
        self.stalled = told.stalled
        self.group = group
        self.streams = streams
        self.is_draining = False
        self._connections: set[ClientConnection] = set()
        self.per_address: Counter[str] = Counter()
        timeouts = (limits.header_timeout_s, limits.keepalive_s, limits.write_stall_s)
        self._tick_s = min(max(min(timeouts) / 8, _MIN_TICK_S), _MAX_TICK_S)
        self._ticker: asyncio.TimerHandle | None = None
        self._emptied: asyncio.Event | None = None

    def __call__(self) -> ClientConnection:
        return ClientConnection(self)

    def __len__(self) -> int:
        return len(self._connections)

    def admit(self, connection: ClientConnection, address: str) -> bool:
        """Count a connection; False when this address, or the listener, has as many as may be."""
        full = self.is_full(address)
        self._connections.add(connection)
        self.per_address[network_of(address)] += 1
        if full:
            self.refused(503, address)
        if self._ticker is None:
            self._tick()
        return not full

    def is_full(self, address: str) -> bool:
        """True when this network, or the listener, has no connection left to give."""
        limits = self.limits
        if len(self._connections) >= limits.connections:
            return True
        if self.per_address[network_of(address)] < limits.connections_per_address:
            return False
        return not is_trusted(address, limits.proxies)

    def forget(self, connection: ClientConnection, address: str) -> None:
        """Count a connection that is gone no longer."""
        self._connections.discard(connection)
        network = network_of(address)
        self.per_address[network] -= 1
        if self.per_address[network] <= 0:
            del self.per_address[network]
        if self._emptied is not None and not self._connections:
            self._emptied.set()

    def drain(self) -> None:
        """Close what is idle; every answer from now on is the last of its connection.

        A client would otherwise send its next request to a gateway that reads no more.
        """
        self.is_draining = True
        for connection in tuple(self._connections):
            connection.close_if_idle()

    async def aclose(self, limit_s: float) -> None:
        """Give what is under way `limit_s` to end, then drop every connection."""
        if self._connections:
            self._emptied = asyncio.Event()
            with suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await self._emptied.wait()
        for connection in tuple(self._connections):
            connection.cancel()
        if self._ticker is not None:
            self._ticker.cancel()
        # Transports close on the loop's next turns; without them sockets would leak at exit.
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    def _tick(self) -> None:
        # One timer for all connections: one for each would cost every request 2 µs.
        now = self.loop.time()
        for connection in [each for each in self._connections if each.deadline <= now]:
            connection.expire()
        self._ticker = self.loop.call_later(self._tick_s, self._tick) if self._connections else None
