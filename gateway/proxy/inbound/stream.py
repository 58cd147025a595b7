"""Carrying a response of unknown length to the client, piece by piece as it arrives."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

from gateway.errors import GatewayError, ShuttingDown, UpstreamError
from gateway.http.reply import error_message
from gateway.identity.principal import Principal
from gateway.identity.reasons import refused
from gateway.mcp.answer import AnswerWatch
from gateway.mcp.open_calls import OpenCalls
from gateway.mcp.sse import EventBoundary, StreamRewriter
from gateway.proxy.gate.stream_settings import StreamSettings
from gateway.proxy.inbound.client import PIECE_BYTES, StreamingClient
from gateway.proxy.inbound.renewal import Renewal
from gateway.proxy.upstream.response import UpstreamResponse
from gateway.resilience.stepper import enter_task

_COMMENT = b": keepalive\n\n"  # a line that SSE parsers skip: WHATWG HTML §9.2.5
LAST_EVENT_S = 5.0
_LONGEST_TIMER_S = 86400.0 * 30
_REVOKED = partial(refused, "revoked")
_EARLY_ENDS: Mapping[str, Callable[[], GatewayError]] = {
    "expired": partial(refused, "expired"),
    "revoked": _REVOKED,
    "draining": partial(ShuttingDown, "The gateway is shutting down."),
}


class Stream:
    """One response on its way. `pump` runs it, `end` asks it to stop cleanly.

    `bytes_out` counts what the upstream sent and the client was given. `owner` is who asked,
    `ended` why the gateway ended it, None as long as it did not; `watch` is shown what passes.
    `calls` are those that wait for this stream, None where it answers none; `request_id` is told
    to them when it ends early. `renewal` keeps the verdict on its credential fresh.
    """

    def __init__(
        self,
        client: StreamingClient,
        response: UpstreamResponse,
        settings: StreamSettings,
    ) -> None:
        self.bytes_out = 0
        self.owner: Principal | None = None
        self.ended: str | None = None
        self.watch: AnswerWatch | None = None
        self.calls: OpenCalls | None = None
        self.renewal: Renewal | None = None
        self.request_id = ""
        self.listening = client.head.method == "GET"
        self._client = client
        self._response = response
        self._settings = settings
        self._boundary: EventBoundary | None = None
        self._beat: asyncio.TimerHandle | None = None
        self._wrote_since_beat = False
        self._task: asyncio.Task[object] | None = None
        self._expired = False
        self._expiry: asyncio.TimerHandle | None = None

    async def pump(self, *, events: bool, rewriter: StreamRewriter | None = None) -> None:
        """Pass every piece on until the upstream's end.

        `events` keeps a quiet stream alive with comments between events. Raises
        `UpstreamError` when the upstream broke off. The client's connection was aborted then, as
        a clean end would hide that something is missing (RFC 9112 §8), unless calls were told.
        """
        await enter_task()
        self._task = asyncio.current_task()
        if events:
            self._boundary = EventBoundary()
            self._schedule_beat()
        try:
            await self._copy(rewriter)
        except UpstreamError as error:
            if self.calls is None:
                self._client.abort()
            else:
                self._finish_early(error)
            raise
        except asyncio.CancelledError:
            if self.ended is None or self._task is None or self._client.is_gone:
                raise
            self._task.uncancel()
            self._finish_early(_EARLY_ENDS.get(self.ended, _REVOKED)())
        finally:
            for timer in (self._beat, self._expiry):
                if timer is not None:
                    timer.cancel()
            self._response.close()

    def end(self, reason: str) -> None:
        """Stop the stream at once: between events cleanly, amid one by an abort."""
        if self._task is not None and self.ended is None:
            self.ended = reason
            self._task.cancel()

    def end_at_expiry(self, now: float) -> None:
        """End the stream when its owner's token expires, a call's with a grace, between events.

        An event that is under way then has a few seconds to end.
        """
        expires_at = self.owner.expires_at if self.owner is not None else None
        setting = self._settings.at_expiry
        if expires_at is None or setting == "keep":
            return
        if setting == "end" or self.listening:
            loop = asyncio.get_running_loop()
            grace_s = 0.0 if self.listening else self._settings.expiry_grace_s
            delay_s = min(max(0.0, expires_at + grace_s - now), _LONGEST_TIMER_S)
            self._expiry = loop.call_later(delay_s, self._expire)

    def _expire(self) -> None:
        if self._boundary is not None and not self._boundary.at_boundary and not self._expired:
            self._expired = True
            self._expiry = asyncio.get_running_loop().call_later(LAST_EVENT_S, self._expire)
        else:
            self.end("expired")

    async def _copy(self, rewriter: StreamRewriter | None) -> None:
        read = self._response.read
        while piece := await read():
            await self._pass_on(piece if rewriter is None else rewriter.feed(piece))
        if rewriter is not None:
            await self._pass_on(rewriter.finish())
        self._client.end_stream()

    async def _pass_on(self, piece: bytes) -> None:
        client = self._client
        for start in range(0, len(piece), PIECE_BYTES):
            self._write(piece[start : start + PIECE_BYTES])
            if client.is_paused:
                await client.drain()
        if self._expired:
            self._expire_at_boundary()

    def _write(self, piece: bytes) -> None:
        if not piece:
            return
        if self._boundary is not None:
            self._boundary.feed(piece)
        if self.watch is not None:
            self.watch.feed(piece)
        if self.calls is not None:
            self.calls.feed(piece)
        self.bytes_out += len(piece)
        self._wrote_since_beat = True
        self._client.write(piece)

    def _schedule_beat(self) -> None:
        if self._settings.keepalive_s > 0:
            loop = asyncio.get_running_loop()
            self._beat = loop.call_later(self._settings.keepalive_s, self._on_beat)

    def _on_beat(self) -> None:
        quiet = not self._wrote_since_beat and not self._client.is_paused
        if quiet and self._boundary is not None and self._boundary.at_boundary:
            self._client.write(_COMMENT)
        self._wrote_since_beat = False
        self._schedule_beat()

    def _expire_at_boundary(self) -> None:
        if self._boundary is None or self._boundary.at_boundary:
            self.end("expired")

    def _finish_early(self, error: GatewayError) -> None:
        if self._boundary is None or not self._boundary.at_boundary:
            self._client.abort()
            return
        # Clients wait for each answer until their own time is up: an end alone tells them nothing.
        for open_id in self.calls.ids if self.calls is not None else ():
            message = error_message(error, request_id=self.request_id, message_id=open_id)
            event = b"data: %b\n\n" % message
            if self.watch is not None:
                self.watch.feed(event)
            self._client.write(event)
        self._client.end_stream()
