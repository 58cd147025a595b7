"""What the gateway itself asks of a server, without a caller."""

import time
from collections.abc import Sequence

import msgspec

from gateway.errors import GatewayError, UpstreamInvalid
from gateway.http.message_head import (
    Field,
    Lines,
    UnfitHead,
    build_head,
    field_lines,
    request_line,
    values_of,
)
from gateway.proxy.outgoing.header_source import HeaderSource, OutgoingCall, collect_lines
from gateway.proxy.upstream.own_urls import OwnUrls
from gateway.proxy.upstream.pool import UpstreamPool
from gateway.proxy.upstream.redirects import MAX_REDIRECTS, REDIRECTS, in_circles, redirected
from gateway.proxy.upstream.response import UpstreamResponse
from gateway.proxy.upstream.target import Target

_FIXED: Sequence[Field] = (
    (b"Content-Type", b"application/json"),
    (b"Accept", b"application/json, text/event-stream"),
    (b"Accept-Encoding", b"identity"),
)


class OwnRequests:
    """Sends requests of the gateway's own to one server, with its own credential.

    `host` is what Host says; None for the authority of `target`.
    """

    def __init__(
        self,
        pool: UpstreamPool,
        target: Target,
        header_sources: Sequence[HeaderSource],
        host: str | None = None,
    ) -> None:
        self._pool = pool
        self._path = target.path.encode()
        authority = (b"Host", (host or target.authority).encode())
        self._opening = field_lines([authority, *_FIXED])
        self._own_urls = OwnUrls(target, f"http://{target.authority}", host)
        self._header_sources = header_sources

    async def send(
        self, method: bytes, message: object, fields: Sequence[Field]
    ) -> UpstreamResponse:
        """Send a message, or None for no body, and wait for the head of the answer.

        Raises `UpstreamError`, also for a server that wants a credential of the caller's, and
        for `fields` that it gave and that no head can hold.
        """
        body = b"" if message is None else msgspec.json.encode(message)
        session = next(iter(values_of(fields, b"mcp-session-id")), None)
        call = OutgoingCall(None, None, None, body, time.time(), method.decode(), session)
        try:
            own = await collect_lines(self._header_sources, call)
        except GatewayError as error:
            raise UpstreamInvalid(
                "The MCP server cannot be asked without a caller.", seen=error.reason
            ) from error
        fields = [(b"Content-Length", b"%d" % len(body)), *fields]
        target = self._path
        for _ in range(MAX_REDIRECTS + 1):
            head = self._head(method, target, [self._opening, own], fields)
            response = await self._pool.send(head, body)
            if response.status not in REDIRECTS:
                return response
            target = redirected(response, self._own_urls)
        raise in_circles()

    @staticmethod
    def _head(
        method: bytes, target: bytes, ready: Sequence[Lines], fields: Sequence[Field]
    ) -> bytes:
        try:
            return build_head(request_line(method, target), fields, ready)
        except UnfitHead as error:
            raise UpstreamInvalid(
                "The MCP server gave what no header can hold.", reason="bad_head"
            ) from error

    async def end_session(self, upstream_id: bytes) -> None:
        """Tell the server that a session is over; a server that does not hear it ends it alone."""
        try:
            response = await self.send(b"DELETE", None, [(b"Mcp-Session-Id", upstream_id)])
        except GatewayError:
            return
        response.close()
