"""`python -m benchmarks.hoarders`: what clients that send or ask and never read cost in memory.

One client pipelines requests, many leave heads unfinished, many open a fast event stream; none
reads. Everything stays on loopback and ends within a minute.
"""

import asyncio
import os
import socket
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from benchmarks.clients.event_stream import stream_request
from benchmarks.rig import Rig, open_rig
from benchmarks.targets.answers import STREAM_HEAD, chunk
from benchmarks.targets.gateway import RunningGateway, running_gateway

_SENT_BYTES = 40 * 1024 * 1024
_HEADS = 50
_PIECE = b"data: %b\n\n" % (b"x" * 65_000)
_WATCH_S = 6.0
_TICK_S = 0.1
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Growth:
    """Resident memory of the gateway over what it had before, in bytes."""

    peak: int
    last: int


@click.command()
@click.option("--loop", type=click.Choice(["asyncio", "uvloop"]), default="uvloop")
@click.option("--streams", type=click.IntRange(1, 1000), default=200)
def main(loop: str, streams: int) -> None:
    """Print the growth of the gateway's memory for each kind of client."""
    with open_rig() as rig:
        if loop == "asyncio":
            _hide_uvloop(rig.directory)
        for name, growth in asyncio.run(_measure_all(rig, streams)).items():
            click.echo(
                f"{loop} {name}: peak {growth.peak / _MIB:.1f} MiB, at the end "
                f"{growth.last / _MIB:.1f} MiB"
            )


def _hide_uvloop(directory: Path) -> None:
    hiding = directory / "without-uvloop"
    hiding.mkdir()
    (hiding / "uvloop.py").write_text("raise ImportError\n")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(hiding), os.environ.get("PYTHONPATH", "")])


async def _measure_all(rig: Rig, streams: int) -> dict[str, Growth]:
    found: dict[str, Growth] = {}
    upstream = await asyncio.start_server(_pour, "127.0.0.1", 0)
    upstream_port: int = upstream.sockets[0].getsockname()[1]
    more = {"streams": {"write_stall": "4s"}}
    async with upstream:
        for name, attack in (
            ("pipelining", _pipeline),
            (f"{_HEADS} heads", _leave_heads),
            (f"{streams} streams", partial(_open_streams, streams)),
        ):
            with ExitStack() as stack:
                gateway = stack.enter_context(
                    running_gateway(rig.directory, rig.issuer, upstream_port, more=more)
                )
                before = gateway.process.rss_bytes()
                token = rig.issuer.token()
                async with asyncio.TaskGroup() as group:
                    watching = group.create_task(_watch(gateway, before))
                    sockets = await asyncio.to_thread(attack, gateway.port, token)
                found[name] = watching.result()
                for each in sockets:
                    each.close()
    return found


async def _watch(gateway: RunningGateway, before: int) -> Growth:
    peak = now = 0
    for _ in range(int(_WATCH_S / _TICK_S)):
        await asyncio.sleep(_TICK_S)
        now = gateway.process.rss_bytes() - before
        peak = max(peak, now)
    return Growth(peak, now)


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with events as fast as they are taken."""
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(STREAM_HEAD)
        while True:
            writer.write(chunk(_PIECE))
            await writer.drain()
            await asyncio.sleep(0)
    except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
        pass
    finally:
        writer.close()


def _connect(port: int) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.settimeout(1.0)
    return client


def _pipeline(port: int, token: str) -> list[socket.socket]:
    client = _connect(port)
    request = f"GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/html\r\n\r\n".encode()
    _send(client, request * (_SENT_BYTES // len(request)))
    return [client]


def _leave_heads(port: int, token: str) -> list[socket.socket]:
    clients = [_connect(port) for _ in range(_HEADS)]
    field = b"".join(b"X-%d: %b\r\n" % (number, b"a" * 19_000) for number in range(110))
    for client in clients:
        _send(client, f"GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n".encode() + field)
    return clients


def _open_streams(count: int, port: int, token: str) -> list[socket.socket]:
    clients = [_connect(port) for _ in range(count)]
    for client in clients:
        _send(client, stream_request(port, token))
    return clients


def _send(client: socket.socket, data: bytes) -> None:
    with suppress(OSError):  # refused, or not read any more
        client.sendall(data)


if __name__ == "__main__":
    main()
