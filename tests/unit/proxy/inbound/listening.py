"""The listener alone, with a handler of the test in place of the gate, and clients for it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.errors import GatewayError
from gateway.http.head import ParsedHead
from gateway.http.reply import Reply, error_reply, reply_bytes
from gateway.proxy.gate.client import BodyLimits
from gateway.proxy.inbound.client_request import ClientRequest
from gateway.proxy.inbound.connection import ClientConnection
from gateway.proxy.inbound.listener import Listener, ListenerLimits, Told
from gateway.proxy.inbound.streams import Streams
from tests.support.raw_http import RawConnection, RawResponse

Handle = Callable[[ClientRequest], Coroutine[Any, Any, None]]
PATIENT = ListenerLimits(10, 10, header_timeout_s=9.0, keepalive_s=9.0, write_stall_s=9.0)
BODY = BodyLimits(max_bytes=200_000, stall_s=9.0, total_s=9.0)
LIMIT_S = 5.0
SOON = 0.2  # a limit that is reached in a test

GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
CALL = b'{"id":1}'
CHUNKS = b"3\r\n" + CALL[:3] + b"\r\n5;x=y\r\n" + CALL[3:] + b"\r\n0\r\nX: y\r\n\r\n"


def post(body: bytes = CALL, *lines: bytes, length: int | None = None) -> bytes:
    """A request with a body of a known length."""
    announced = len(body) if length is None else length
    fields = (b"Host: h", b"Content-Length: %d" % announced, *lines)
    return b"POST /p HTTP/1.1\r\n" + b"\r\n".join(fields) + b"\r\n\r\n" + body


def chunked(body: bytes = CHUNKS, *lines: bytes) -> bytes:
    """A request with a body that tells its own end."""
    fields = (b"Host: h", b"Transfer-Encoding: chunked", *lines)
    return b"POST /p HTTP/1.1\r\n" + b"\r\n".join(fields) + b"\r\n\r\n" + body


@dataclass(slots=True)
class Listening:
    """A listener, its connections, and what it told."""

    listener: Listener
    port: int = 0
    connections: list[ClientConnection] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    stalls: int = 0

    def connect(self) -> ClientConnection:
        """What the server makes for each client."""
        self.connections.append(self.listener())
        return self.connections[-1]

    async def connection(self) -> ClientConnection:
        """The first one."""
        async with asyncio.timeout(LIMIT_S):
            while len(self.listener) == 0:  # noqa: ASYNC110  # nothing tells of it
                await asyncio.sleep(0)
        return self.connections[0]


async def echo(request: ClientRequest) -> None:
    """Answer with the method, the path and the body."""
    try:
        body = await request.body(BODY)
    except GatewayError as error:
        request.reply(error_reply(error), keep_alive=False)
    else:
        named = f"{request.head.method} {request.head.path} ".encode()
        await request.send(Reply(200, [], named + body))


async def refuse(request: ClientRequest) -> None:
    """Answer without a look at the body."""
    request.reply(Reply(401, [], b"who are you?"))


@asynccontextmanager
async def listening(handle: Handle = echo, **limits: object) -> AsyncIterator[Listening]:
    """Listen on a free port; keywords replace limits."""
    changed = replace(PATIENT, **limits)  # type: ignore[arg-type]  # the limits' names are data
    async with asyncio.TaskGroup() as group:
        refused: list[int] = []

        def told_stalled() -> None:
            found.stalls += 1

        told = Told(lambda status, address: refused.append(status), told_stalled)
        listener = Listener(handle, _misread, changed, told, Streams(), group)
        found = Listening(listener, refused=refused)
        server = await asyncio.get_running_loop().create_server(found.connect, "127.0.0.1", 0)
        found.port = server.sockets[0].getsockname()[1]
        try:
            yield found
        finally:
            server.close()
            await listener.aclose(0)


def _misread(parsed: ParsedHead, error: GatewayError) -> bytes:
    bodiless = parsed.method == "HEAD"
    return reply_bytes(error_reply(error), keep_alive=False, bodiless=bodiless)


async def read_bodies(client: RawConnection, count: int) -> list[bytes]:
    """The bodies of the next answers."""
    return [(await client.read_response()).body for _ in range(count)]


async def last_response(client: RawConnection, request: bytes) -> RawResponse:
    """The answer to what must end the connection."""
    await client.send(request)
    response = await client.read_response()
    assert response.value("Connection") == "close"
    assert await client.is_closed()
    return response


async def settle() -> None:
    """Let the listener, which runs on this loop, read what was sent."""
    for _ in range(5):
        await asyncio.sleep(0)


async def gone(connection: ClientConnection) -> None:
    """Wait until nothing is left of a connection."""
    async with asyncio.timeout(LIMIT_S):
        while not connection.transport.is_closing():  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0)


@asynccontextmanager
async def deaf(port: int) -> AsyncIterator[socket.socket]:
    """A client that reads only when it is told to, with as little as possible in between."""
    loop = asyncio.get_running_loop()
    with contextlib.closing(socket.socket()) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        await loop.sock_connect(client, ("127.0.0.1", port))
        yield client
