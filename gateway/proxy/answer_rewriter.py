"""Changing the messages of an upstream's answer on their way to the client."""

from collections.abc import Callable, Sequence

import msgspec

from gateway.errors import UpstreamInvalid
from gateway.mcp.sse import DataRewriter
from gateway.proxy.exchange import UpstreamResponse
from gateway.proxy.forward import Delivery

MAX_ANSWER_BYTES = 16 * 1024 * 1024
_OF_THE_BYTES = frozenset(
    {b"etag", b"last-modified", b"digest", b"content-digest", b"repr-digest", b"content-md5"}
)
_FIRST_ERROR = 400
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
    """Change an answer as far as it is there; one that is no event stream is whole afterwards.

    Raises `UpstreamInvalid` for what cannot be looked at, and what reading the answer raises.
    """
    response = delivery.response
    if any(name.lower() == b"content-encoding" for name, _ in delivery.headers):
        response.close()
        raise UpstreamInvalid("The MCP server sent a list that cannot be read.")
    if delivery.events:
        if response.body is not None:  # a stream that has ended already
            response.body = rewriter.events.feed(response.body) + rewriter.events.finish()
        return delivery
    body = await _read(response) if response.body is None else response.body
    if not body:
        return delivery
    response.body = rewriter.whole(body)
    if response.body is body:
        return delivery
    if response.status >= _FIRST_ERROR:
        response.status = 200  # an error is only ever changed into a result
    # These speak of the bytes that came.
    headers = [each for each in delivery.headers if each[0].lower() not in _OF_THE_BYTES]
    return msgspec.structs.replace(delivery, headers=headers)


async def _read(response: UpstreamResponse) -> bytes:
    body = b""
    while piece := await response.read():
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            response.close()
            raise UpstreamInvalid("The MCP server sent a list without end.")
    return body
