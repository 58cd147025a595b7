"""Carrying a response of unknown length to the client, piece by piece as it arrives."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from math import inf
from typing import TYPE_CHECKING

from gateway.errors import GatewayError, ShuttingDown, UpstreamError
from gateway.http.reply import error_message
from gateway.identity.principal import Principal
from gateway.identity.reasons import refused
from gateway.mcp.answer import UNREAD, AnswerWatch
from gateway.mcp.open_calls import OpenCalls
from gateway.mcp.sse import EventBoundary, StreamRewriter
from gateway.proxy.gate.record import RequestRecord
from gateway.proxy.gate.route import Route
from gateway.proxy.inbound.client import PIECE_BYTES, StreamingClient
from gateway.proxy.inbound.renewal import Renewal
from gateway.proxy.upstream.response import UpstreamResponse

if TYPE_CHECKING:
    from gateway.proxy.inbound.streams import Streams

_COMMENT = b": keepalive\n\n"  # a line that SSE parsers skip: WHATWG HTML §9.2.5
LAST_EVENT_S = 5.0
_REVOKED = partial(refused, "revoked")
_EARLY_ENDS: Mapping[str, Callable[[], GatewayError]] = {
    "expired": partial(refused, "expired"),
    "revoked": _REVOKED,
    "draining": partial(ShuttingDown, "The gateway is shutting down."),
}

logger = logging.getLogger(__name__)


class Stream:
    """One response on its way. It has no task: both its neighbours and `Streams` call it.

    `flow` passes on what has come, `end` stops it cleanly, `cancel` is for a client that is gone.
    Past `deadline` (the loop's clock) `Streams` calls `expire`. `ended` is why the gateway ended
    it, None as long as it did not; `watch` is shown what passes, `rewriter` changes it. `calls`
    are those that wait for this stream, None where it answers none. `renewal` keeps the verdict
    on its credential fresh. `finish` is called once, when `record` has what became of it.
    """

    # Thousands may be idle: each member counts.
    __slots__ = (
        "_beat_at",
        "_boundary",
        "_client",
        "_ends_at",
        "_finish",
        "_has_all",
        "_is_last_event",
        "_is_over",
        "_response",
        "_route",
        "_streams",
        "_unsent",
        "_wrote_since_beat",
        "calls",
        "deadline",
        "ended",
        "record",
        "renewal",
        "rewriter",
        "watch",
    )

    def __init__(
        self,
        client: StreamingClient,
        response: UpstreamResponse,
        route: Route,
        record: RequestRecord,
        finish: Callable[[RequestRecord], None],
    ) -> None:
        self.deadline = self._beat_at = self._ends_at = inf
        self.ended: str | None = None
        self.watch: AnswerWatch | None = None
        self.calls: OpenCalls | None = None
        self.renewal: Renewal | None = None
        self.rewriter: StreamRewriter | None = None
        self.record = record
        self._client = client
        self._response = response
        self._route = route
        self._finish = finish
        self._streams: Streams | None = None
        self._boundary: EventBoundary | None = None
        self._unsent = b""
        self._wrote_since_beat = self._has_all = False
        self._is_last_event = self._is_over = False

    @property
    def owner(self) -> Principal | None:
        """Who asked."""
        return self.record.principal

    @property
    def is_listening(self) -> bool:
        """Whether it has no answer to wait for."""
        return self.record.http_method == "GET"

    def begin(self, streams: "Streams") -> None:
        """Take what the upstream sends from now on; `streams` lists this one while it lasts."""
        self._streams = streams
        streams.watch(self)
        self._route.live.metrics.streams_open += 1
        self.record.streamed = True
        self._client.carry(self)
        self._response.forget_head()
        self._response.call_back(self.flow)
        self.flow()

    def carry_events(self, now: float, expires_in_s: float | None) -> None:
        """Keep the stream alive, while it is quiet, with comments between events; and end it.

        `now` is the loop's clock. `expires_in_s` is how long its owner's token is good for, None
        for ever; calls have a grace more.
        """
        self._boundary = EventBoundary()
        settings = self._route.settings.streams
        if settings.keepalive_s > 0:
            self._beat_at = now + settings.keepalive_s
        if expires_in_s is not None and settings.at_expiry != "keep":
            if self.is_listening:
                self._ends_at = now + max(0.0, expires_in_s)
            elif settings.at_expiry == "end":
                self._ends_at = now + max(0.0, expires_in_s + settings.expiry_grace_s)
        self.deadline = min(self._beat_at, self._ends_at)

    def flow(self, _: object = None) -> None:
        """Pass on what has come, for as long as the client keeps up.

        Where the upstream broke off, the client's connection is aborted, as a clean end would hide
        that something is missing (RFC 9112 §8), unless calls can be told.
        """
        client = self._client
        try:
            while not self._is_over:
                if client.is_paused:
                    client.drained().call_back(self.flow)
                    return
                if not self._pass_piece():
                    return
        except UpstreamError as error:
            self._break_off(error)
        except Exception:
            logger.exception("unexpected failure", extra={"request_id": self.record.request_id})
            client.abort()
            if not self._is_over:
                self._close()

    def end(self, reason: str) -> None:
        """Stop the stream at once: between events cleanly, amid one by an abort."""
        if self._is_over:
            return
        self.ended = reason
        if self._client.is_gone:
            self.cancel()
            return
        self._finish_early(_EARLY_ENDS.get(reason, _REVOKED)())
        self._close()

    def cancel(self) -> None:
        """Stop the stream of a client that is gone."""
        if not self._is_over:
            self.record.client_gone = True
            self._close()

    def expire(self, now: float) -> None:
        """Do what is due: a comment, or the end."""
        if now >= self._beat_at:
            quiet = not self._wrote_since_beat and not self._client.is_paused
            if quiet and self._boundary is not None and self._boundary.at_boundary:
                self._client.write(_COMMENT)
            self._wrote_since_beat = False
            self._beat_at = now + self._route.settings.streams.keepalive_s
        self._end_if_expired(now)

    def _end_if_expired(self, now: float) -> None:
        """End between events; one that is under way then has a few seconds to end."""
        is_due = now >= self._ends_at
        is_between = self._boundary is None or self._boundary.at_boundary
        if is_due and (is_between or now >= self._ends_at + LAST_EVENT_S):
            self.end("expired")
        else:
            self._is_last_event = is_due
            last = self._ends_at + LAST_EVENT_S if is_due else self._ends_at
            self.deadline = min(self._beat_at, last)

    def _pass_piece(self) -> bool:
        """Write what the client may get at once; False when nothing more is to be done now."""
        if not self._unsent and not self._take():
            return False
        piece, self._unsent = self._unsent[:PIECE_BYTES], self._unsent[PIECE_BYTES:]
        self._write(piece)
        if self._has_all and not self._unsent:
            self._client.end_stream()
            self._close()
        elif self._is_last_event and not self._unsent:
            self._end_if_expired(self._ends_at)
        return True

    def _take(self) -> bool:
        piece = self._response.take()
        if piece is None:
            return False
        self._has_all = not piece
        if self.rewriter is not None:
            piece = self.rewriter.feed(piece) if piece else self.rewriter.finish()
        self._unsent = piece
        return True

    def _write(self, piece: bytes) -> None:
        if not piece:
            return
        if self._boundary is not None:
            self._boundary.feed(piece)
        if self.watch is not None:
            self.watch.feed(piece)
        if self.calls is not None:
            self.calls.feed(piece)
        self.record.bytes_out += len(piece)
        self._wrote_since_beat = True
        self._client.write(piece)

    def _break_off(self, error: UpstreamError) -> None:
        self.record.reason, self.record.upstream_seen = error.reason, error.seen
        self._client.keep_alive = False
        if self.calls is None:
            self._client.abort()
        else:
            self._finish_early(error)
        self._close()

    def _finish_early(self, error: GatewayError) -> None:
        if self._boundary is None or not self._boundary.at_boundary:
            self._client.abort()
            return
        # Clients wait for each answer until their own time is up: an end alone tells them nothing.
        for open_id in self.calls.ids if self.calls is not None else ():
            message = error_message(error, request_id=self.record.wire_id, message_id=open_id)
            event = b"data: %b\n\n" % message
            if self.watch is not None:
                self.watch.feed(event)
            self._client.write(event)
        self._client.end_stream()

    def _close(self) -> None:
        self._is_over = True
        self._response.call_back(None)
        self._response.close()
        record = self.record
        record.ended = self.ended
        if record.client_gone:
            record.leave(has_stalled=self._client.has_stalled)
        record.answer = UNREAD if self.watch is None else self.watch.answer
        if self._streams is not None:
            self._streams.discard(self)
        self._route.live.metrics.streams_open -= 1
        self._finish(record)
        self._client.end_serving()
