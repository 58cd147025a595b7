"""The MCP server behind every proxy: as lean as asyncio allows, so that it is not measured.

POST gets a fixed `tools/call` reply, and a session when it is a handshake. GET gets an event
stream that is silent, or that says the monotonic time in nanoseconds `--events-per-second` times.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sys import executable
from typing import cast

import click
import httptools
import uvloop

from benchmarks.processes import LOAD_CORE, Process, free_port, running, wait_for_port

_BODY = (
    b'{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"It is 18 degrees '
    b'and cloudy in Berlin, with a light wind from the west."}],"isError":false}}'
)
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % len(_BODY)
_REPLY = b"%b\r\n%b" % (_HEAD, _BODY)
_GREETING = b"%bMcp-Session-Id: one-of-the-benchmark\r\n\r\n%b" % (_HEAD, _BODY)
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
_BACKLOG = 4096


class UpstreamConnection(asyncio.Protocol):
    """One connection of a proxy."""

    def __init__(self, event_interval_s: float) -> None:
        self._event_interval_s = event_interval_s
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_greeting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport to answer on."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the events."""
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Parse; httptools calls back at the end of each request."""
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """See whether it is a handshake: that is given a session."""
        self._is_greeting = b'"initialize"' in body

    def on_message_complete(self) -> None:
        """Answer one request."""
        if self._transport is None:
            return
        if self._parser.get_method() == b"GET":
            self._transport.write(STREAM_HEAD)
            if self._event_interval_s:
                self._send_event(asyncio.get_running_loop().time())
        else:
            self._transport.write(_GREETING if self._is_greeting else _REPLY)

    def _send_event(self, due: float) -> None:
        if self._transport is None:
            return
        loop = asyncio.get_running_loop()
        event = b"data: %d\n\n" % time.monotonic_ns()
        self._transport.write(b"%x\r\n%b\r\n" % (len(event), event))
        due = max(due + self._event_interval_s, loop.time())
        self._timer = loop.call_at(due, self._send_event, due)


async def _serve(port: int, event_interval_s: float) -> None:
    server = await asyncio.get_running_loop().create_server(
        lambda: UpstreamConnection(event_interval_s), "127.0.0.1", port, backlog=_BACKLOG
    )
    await server.serve_forever()


@contextmanager
def running_upstream(
    directory: Path, *, events_per_second: int = 0
) -> Iterator[tuple[Process, int]]:
    """Run an upstream on the core of the load; yields it and its port."""
    port = free_port()
    argv = [executable, "-m", "benchmarks.targets.upstream", "--port", str(port)]
    argv += ["--events-per-second", str(events_per_second)]
    with running(argv, core=LOAD_CORE, output=directory / f"upstream-{port}.log") as process:
        wait_for_port(process, port)
        yield process, port


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--events-per-second", type=int, default=0)
def main(port: int, events_per_second: int) -> None:
    """Serve until SIGTERM."""
    uvloop.run(_serve(port, 1 / events_per_second if events_per_second else 0.0))


if __name__ == "__main__":
    main()
