"""An application behind the listener, without a gate."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from gateway.app.control_plane.application import open_application
from gateway.proxy.gate.record import RequestRecord
from gateway.proxy.inbound.client_request import ClientRequest
from tests.support.raw_http import RawResponse, exchange
from tests.unit.proxy.inbound.listening import listening

ADDRESS = "198.51.100.7"


@dataclass(frozen=True, slots=True)
class Handing:
    """The port of a listener that hands everything over, and what was recorded."""

    port: int
    records: list[RequestRecord] = field(default_factory=list)

    async def get(self, path: str = "/", headers: bytes = b"", method: str = "GET") -> RawResponse:
        """Ask for a path on a new connection."""
        head = f"{method} {path} HTTP/1.1\r\nHost: mcp.example.com\r\n".encode()
        return await exchange(self.port, head + headers + b"\r\n")

    async def post(self, body: bytes, headers: bytes = b"", path: str = "/") -> RawResponse:
        """Post a body on a new connection."""
        head = f"POST {path} HTTP/1.1\r\nHost: mcp.example.com\r\n".encode()
        length = b"Content-Length: %d\r\n" % len(body)
        return await exchange(self.port, head + length + headers + b"\r\n" + body)


@asynccontextmanager
async def handing_to(app: web.Application) -> AsyncIterator[Handing]:
    """Hand every request to this application."""
    records: list[RequestRecord] = []
    async with open_application(app) as control:

        async def handle(request: ClientRequest) -> None:
            record = RequestRecord(request.head.method, request.trace)
            record.address = ADDRESS
            records.append(record)
            await request.hand_over(request.head, control, record)

        async with listening(handle) as served:
            yield Handing(served.port, records)
