"""Handing one judged request to another protocol, which never meets the client's connection.

What it reads is written here anew: the head as it was judged, and the whole body under its length.
So framing has one reading, and nothing that the client sends afterwards can come through.
"""

import asyncio
from typing import TYPE_CHECKING, Any

from gateway.errors import MalformedHttp
from gateway.http.field_names import fold, is_hop_by_hop
from gateway.http.head import WHOLE_SERVER, Head
from gateway.http.message_head import UnfitHead, build_head
from gateway.proxy.gate.client import BodyLimits
from gateway.proxy.gate.record import RequestRecord
from gateway.proxy.gate.route import Application

if TYPE_CHECKING:
    from gateway.proxy.inbound.connection import ClientConnection

BODY = BodyLimits(max_bytes=64 * 1024, stall_s=5.0, total_s=10.0)
# Under this name the application finds the record of the request that it answers.
RECORD = "mcpgw_record"
_SAID_ANEW = frozenset({b"host", b"content-length", b"expect"})


async def hand_over(
    connection: "ClientConnection",
    application: Application,
    record: RequestRecord,
    request: bytes,
) -> bool:
    """Have `application` answer; returns when it closes, True if the client was sent anything.

    Raises `MalformedHttp` when its parser refused the request: what it says of that may repeat
    what was sent, so it goes nowhere.
    """
    protocol = application.connect()
    answer = _AnsweringTransport(connection, record)
    protocol.connection_made(answer)
    try:
        protocol.data_received(request)
        await answer.carry(protocol)
    finally:
        protocol.connection_lost(None)
    if answer.was_withheld:
        raise MalformedHttp("The request is not well-formed HTTP.")
    return answer.has_begun


def request_bytes(head: Head, body: bytes) -> bytes:
    """Serialize a judged request as the only one of its connection.

    Raises `MalformedHttp` for a field that could not be written.
    """
    query = f"?{head.query}" if head.query else ""
    target = WHOLE_SERVER if head.path == WHOLE_SERVER else head.path + query
    line = f"{head.method} {target} HTTP/{head.version}"
    fields = [(b"Host", head.authority.encode("latin-1")), (b"Connection", b"close")]
    fields += [(name, value) for name, value in head.raw_headers if not _is_said_anew(name)]
    if body:
        fields.append((b"Content-Length", b"%d" % len(body)))
    try:
        return build_head(line.encode("latin-1"), fields) + body
    except UnfitHead as cause:
        raise MalformedHttp("The request is not well-formed HTTP.") from cause


def _is_said_anew(name: bytes) -> bool:
    # RFC 6455: of a change of protocol there is nothing to say, and aiohttp refuses an old one's.
    folded = fold(name)
    return (
        name.lower() in _SAID_ANEW or is_hop_by_hop(folded) or folded.startswith(b"sec-websocket-")
    )


class _AnsweringTransport(asyncio.Transport):
    """The way to the client, and nothing from it.

    Nothing is sent before the application began its answer, which it says by `record.status`.
    """

    def __init__(self, connection: "ClientConnection", record: RequestRecord) -> None:
        super().__init__({"peername": (record.address, 0), RECORD: record})
        self.has_begun = self.was_withheld = False
        self._connection = connection
        self._record = record
        self._is_closing = False
        self._changed = asyncio.Event()

    async def carry(self, protocol: asyncio.Protocol) -> None:
        """Let the application write as fast as the client reads, until it closes."""
        while not self.is_closing():
            await self._changed.wait()
            self._changed.clear()
            if self._connection.is_paused:
                protocol.pause_writing()
                await self._connection.drain()
                protocol.resume_writing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Tell what is known of the client: its address is the one past trusted proxies."""
        found = super().get_extra_info(name)
        return self._connection.transport.get_extra_info(name, default) if found is None else found

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send a piece of the answer."""
        if not self._record.status:
            self.was_withheld = True
        elif not self.is_closing():
            self.has_begun = True
            self._connection.transport.write(data)
            self._changed.set()

    def close(self) -> None:
        """End the answer; the connection sees to the rest."""
        self._is_closing = True
        self._changed.set()

    def abort(self) -> None:
        """Break the connection off."""
        self._connection.abort()
        self.close()

    def is_closing(self) -> bool:
        """Whether nothing more can be written."""
        return self._is_closing or self._connection.transport.is_closing()

    def pause_reading(self) -> None:
        """Nothing more comes anyway."""

    def resume_reading(self) -> None:
        """Nothing more comes anyway."""
