"""A client of raw bytes: it sends exactly what it is told and reads what comes back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

LIMIT_S = 10.0  # above every time limit of the gateway that a test waits for
BODILESS = frozenset({204, 304})  # RFC 9112 §6.3


@dataclass(frozen=True, slots=True)
class RawResponse:
    """A response as it arrived; `status` is 0 when the connection closed without one."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def values(self, name: str) -> list[str]:
        """All values of a header, in order."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def value(self, name: str) -> str | None:
        """The first value of a header, or None."""
        return next(iter(self.values(name)), None)

    @property
    def challenge(self) -> str | None:
        return self.value("WWW-Authenticate")


@dataclass(frozen=True, slots=True)
class RawConnection:
    """One client connection.

    Nothing here waits by `asyncio.wait_for`, which before Python 3.12 may swallow a cancellation.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def read_response(self, *, to_head: bool = False) -> RawResponse:
        """Read one response; `to_head` when it answers HEAD and has no body."""
        async with asyncio.timeout(LIMIT_S):
            return await self._parse_response(to_head)

    async def read_head(self) -> RawResponse:
        """Read a response up to its blank line, and leave the body for `reader`."""
        async with asyncio.timeout(LIMIT_S):
            return await self._read_head()

    async def read_chunk(self) -> bytes:
        """The next chunk of a chunked body; empty at its end."""
        async with asyncio.timeout(LIMIT_S):
            return await self._read_chunk()

    async def is_closed(self, within_s: float = LIMIT_S) -> bool:
        """Tell whether the peer ends the connection in time without sending any more."""
        try:
            async with asyncio.timeout(within_s):
                return not await self.reader.read(1)
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    async def _parse_response(self, to_head: bool) -> RawResponse:
        head = await self._read_head()
        if to_head or head.status == 0 or head.status in BODILESS or head.status < 200:
            return head
        return RawResponse(head.status, head.headers, await self._read_body(head))

    async def _read_head(self) -> RawResponse:
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return RawResponse(0)
        status_line, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        headers = tuple((name, value.strip()) for name, _, value in pairs)
        return RawResponse(int(status_line.split(" ", 2)[1]), headers)

    async def _read_body(self, head: RawResponse) -> bytes:
        if head.value("Transfer-Encoding"):
            body = b""
            while piece := await self._read_chunk():
                body += piece
            return body
        length = head.value("Content-Length")
        return await (self.reader.read() if length is None else self._exactly(int(length)))

    async def _read_chunk(self) -> bytes:
        size = int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16)
        return (await self._exactly(size + 2))[:-2]

    async def _exactly(self, size: int) -> bytes:
        return await self.reader.readexactly(size)


@contextlib.asynccontextmanager
async def raw_connection(port: int, source: str | None = None) -> AsyncIterator[RawConnection]:
    """Connect to a loopback port, from another loopback address with `source`."""
    local = None if source is None else (source, 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=local)
    try:
        yield RawConnection(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):  # the peer may have aborted, as tests provoke
            await writer.wait_closed()


async def exchange(port: int, request: bytes) -> RawResponse:
    """Send these bytes on a new connection and read one response."""
    async with raw_connection(port) as connection:
        await connection.send(request)
        return await connection.read_response(to_head=request.startswith(b"HEAD "))


def post(
    port: int,
    body: bytes,
    *,
    token: str | None = None,
    path: str = "/mcp",
    headers: bytes = b"",
) -> bytes:
    """The bytes of a plain MCP POST; `headers` are whole lines."""
    authorization = f"Authorization: Bearer {token}\r\n" if token is not None else ""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{authorization}".encode()
        + b"Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
        + headers
        + b"Content-Length: %d\r\n\r\n" % len(body)
        + body
    )
