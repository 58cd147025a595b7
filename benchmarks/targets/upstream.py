"""The MCP server behind every proxy: as lean as asyncio allows, so that it is not measured.

POST gets one of the fixed `answers`, and a session when it is a handshake. GET gets an event
stream that is silent, or that says the monotonic time in nanoseconds `--events-per-second` times.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from sys import executable
from typing import cast

import click
import httptools
import uvloop

from benchmarks.processes import LOAD_CORE, Process, free_port, running, wait_for_port
from benchmarks.targets.answers import STREAM_HEAD, Answers, chunk

_BACKLOG = 4096


class UpstreamConnection(asyncio.Protocol):
    """One connection of a proxy."""

    def __init__(self, answers: Answers, event_interval_s: float) -> None:
        self._answers = answers
        self._event_interval_s = event_interval_s
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._pieces: list[bytes] = []
        self._body = b""

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
        self._pieces.append(data)
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """Keep the message: it says which answer is wanted."""
        self._body += body

    def on_message_complete(self) -> None:
        """Answer one request."""
        body, self._body = self._body, b""
        pieces, self._pieces = self._pieces, []
        if self._transport is None:
            return
        if self._parser.get_method() == b"GET":
            self._transport.write(STREAM_HEAD)
            if self._event_interval_s:
                self._send_event(asyncio.get_running_loop().time())
        else:
            self._write_in_turns(self._answers.to_message(body, b"".join(pieces)))

    def _write_in_turns(self, pieces: Sequence[bytes]) -> None:
        if self._transport is None:
            return
        self._transport.write(pieces[0])
        if len(pieces) > 1:  # uvloop joins what is written in one turn of its loop
            asyncio.get_running_loop().call_soon(self._write_in_turns, pieces[1:])

    def _send_event(self, due: float) -> None:
        if self._transport is None:
            return
        loop = asyncio.get_running_loop()
        event = b"data: %d\n\n" % time.monotonic_ns()
        self._transport.write(chunk(event))
        due = max(due + self._event_interval_s, loop.time())
        self._timer = loop.call_at(due, self._send_event, due)


async def _serve(port: int, event_interval_s: float) -> None:
    answers = Answers(formatdate(usegmt=True))
    server = await asyncio.get_running_loop().create_server(
        lambda: UpstreamConnection(answers, event_interval_s), "127.0.0.1", port, backlog=_BACKLOG
    )
    async with server:
        while True:
            await asyncio.sleep(1)
            answers.renew(formatdate(usegmt=True))


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
