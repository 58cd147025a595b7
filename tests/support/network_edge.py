"""The network between the gateway and a provider, to be cut, frozen and mended at will."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

from tests.support.ports import reserved_port

State = Literal["open", "cut", "silent"]
_CHUNK = 65536


@dataclass(slots=True)
class NetworkEdge:
    """Passes connections on to `target_port`; use it as an async context manager.

    Cut, it refuses connections; silent, it takes them and passes nothing, as a network that
    drops packets. Each change ends what was connected. `connected` counts what was taken.
    """

    target_port: int
    state: State = "open"
    port: int = 0
    connected: int = 0
    _server: asyncio.Server | None = None
    _lines: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def change(self, state: State) -> None:
        """Enter another state."""
        self.state = state
        for line in self._lines:
            line.cancel()
        if self._server is not None and state == "cut":
            self._server.close()
            self._server = None
        elif self._server is None and state != "cut":
            self._server = await asyncio.start_server(self._join, "127.0.0.1", self.port)

    async def __aenter__(self) -> Self:
        with reserved_port() as port:
            self.port = port
            await self.change(self.state)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.change("cut")

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connected += 1
        line = asyncio.current_task()
        assert line is not None
        self._lines.add(line)
        try:
            if self.state == "silent":
                await asyncio.Event().wait()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
            try:
                async with asyncio.TaskGroup() as both_ways:
                    both_ways.create_task(_pass_on(reader, far_writer))
                    both_ways.create_task(_pass_on(far_reader, writer))
            finally:
                far_writer.close()
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._lines.discard(line)
            writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
