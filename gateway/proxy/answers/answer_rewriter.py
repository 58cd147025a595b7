"""Changing the messages of an upstream's answer on their way to the client."""

from collections.abc import Callable, Sequence

import msgspec

from gateway.errors import UpstreamInvalid
from gateway.http.message_head import applied_codings, values_of, without
from gateway.http.status import FIRST_ERROR
from gateway.mcp.sse import DataRewriter
from gateway.proxy.upstream.content_coding import Decoder
from gateway.proxy.upstream.response import Delivery, UpstreamResponse

MAX_ANSWER_BYTES = 16 * 1024 * 1024
_CODING = b"content-encoding"
_OF_THE_BYTES = frozenset(
    {
        _CODING,
        b"etag",
        b"last-modified",
        b"digest",
        b"content-digest",
        b"repr-digest",
        b"content-md5",
    }
)
# Takes a response, or a batch of them, and returns what the client gets in its place.
Change = Callable[[bytes], bytes]


class AnswerRewriter:
    """Puts an answer through `changes`: `whole` a body, `events` an event stream."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self._changes = changes
        self.events = DataRewriter(self._event, MAX_ANSWER_BYTES)

    def whole(self, body: bytes) -> bytes:
        """Change a JSON body. Raises `UpstreamInvalid` when it cannot be read."""
        for change in self._changes:
            body = change(body)
        return body

    def _event(self, data: bytes) -> bytes:
        # Legacy streams begin with an `endpoint`, an address; everything else is JSON.
        return self.whole(data) if data.lstrip()[:1] in (b"{", b"[") else data


async def rewrite_body(delivery: Delivery, rewriter: AnswerRewriter) -> Delivery:
    """Change an answer; an event stream only when it has ended, else `events` does as it passes.

    Raises `UpstreamInvalid` for what cannot be looked at, and what reading the answer raises.
    """
    response = delivery.response
    if delivery.events and response.body is None:
        return delivery
    try:
        body = await _read(response) if response.body is None else response.body
        if not body:
            return delivery
        decoder = decoder_of(delivery)
        read = body if decoder is None else decoder.feed(body) + decoder.finish()
        if delivery.events:  # a stream that has ended already
            response.body = rewriter.events.feed(read) + rewriter.events.finish()
        else:
            response.body = rewriter.whole(read)
    except UpstreamInvalid:
        response.close()
        raise
    if response.body is body:
        return delivery
    if response.status >= FIRST_ERROR and response.body is not read:
        response.status = 200  # an error is only ever changed into a result
    return without_bytes(delivery)


def decoder_of(delivery: Delivery) -> Decoder | None:
    """What undoes the content coding, None where there is none.

    Raises `UpstreamInvalid` for a coding that cannot be undone.
    """
    # Only one that changes the body is left in them.
    values = values_of(delivery.headers, _CODING)
    return Decoder(applied_codings(values), MAX_ANSWER_BYTES) if values else None


def without_bytes(delivery: Delivery) -> Delivery:
    """The same without the fields that speak of the bytes that came."""
    return msgspec.structs.replace(delivery, headers=without(delivery.headers, _OF_THE_BYTES))


async def _read(response: UpstreamResponse) -> bytes:
    body = b""
    while piece := await response.read():
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise UpstreamInvalid("The MCP server sent a list without end.", reason="too_long")
    return body
