"""Giving the upstream's answer to the client: whole when it is whole, else as it arrives."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from gateway.errors import UpstreamInvalid
from gateway.http.message_head import Field, Lines, values_of, without
from gateway.http.reply import Reply, begin_response
from gateway.identity.principal import Principal
from gateway.mcp.answer import UNREAD, Answer, AnswerWatch, answer_in, answer_in_events
from gateway.mcp.open_calls import OpenCalls
from gateway.mcp.sse import EndpointRewriter, Rewriters, StreamRewriter
from gateway.proxy.answers.answer_rewriter import decoder_of, without_bytes
from gateway.proxy.gate.call import Answered
from gateway.proxy.gate.record import RequestRecord
from gateway.proxy.inbound.client import PIECE_BYTES, StreamingClient
from gateway.proxy.inbound.renewals import renewal_of
from gateway.proxy.inbound.stream import Stream
from gateway.proxy.upstream.response import Delivery

_UNBUFFERED: Field = (b"X-Accel-Buffering", b"no")  # nginx would hold events back


async def deliver(
    client: StreamingClient,
    answered: Answered,
    record: RequestRecord,
    finish: Callable[[RequestRecord], None],
) -> Stream | None:
    """Write an answer that is whole; of one of unknown length only the head, and return the rest.

    `finish` is called at the end of a stream.

    Raises `UpstreamInvalid` only before a head is out: afterwards a broken upstream can only be
    shown within the stream, or by breaking the client's connection too.
    """
    asked, delivery = answered.asked, answered.delivery
    route, response, cors = asked.call.route, delivery.response, asked.call.cors
    rewriter = _rewriter(answered)
    if rewriter is not None and _is_encoded(delivery):
        delivery = without_bytes(delivery)
    record.status = response.status
    if rewriter is None and response.body is not None and len(response.body) <= PIECE_BYTES:
        _answer(client, answered, response.body, record)
        return None
    if response.body is not None:
        body = response.body
        if rewriter is not None:
            body = rewriter.feed(body) + rewriter.finish()
        record.bytes_out = len(body)
        record.answer = _answer_of(delivery, body, is_encoded=_is_encoded(delivery))
        headers = [*delivery.headers, (b"X-Request-Id", record.wire_id.encode()), *cors]
        await client.send(Reply(response.status, headers, body))
        return None
    opening = _opening(delivery, cors, is_whole=False)
    client.begin_stream(opening.lines, record.wire_id, route.settings.streams.write_stall_s)
    stream = Stream(client, response, route, record, finish)
    stream.rewriter = rewriter
    stream.renewal = renewal_of(route, asked.principal, asked.token)
    if delivery.events:
        stream.carry_events(client.now, _expires_in_s(asked.principal))
    if not opening.is_encoded:
        stream.watch = AnswerWatch(events=delivery.events)
        stream.calls = _calls(answered)
    return stream


def _expires_in_s(principal: Principal | None) -> float | None:
    if principal is None or principal.expires_at is None:
        return None
    return principal.expires_at - time.time()


def _answer(
    client: StreamingClient, answered: Answered, body: bytes, record: RequestRecord
) -> None:
    """Give a short answer that is as the upstream sent it: the way of most calls."""
    delivery = answered.delivery
    opening = _opening(delivery, answered.asked.call.cors, is_whole=True)
    record.bytes_out = len(body)
    record.answer = _answer_of(delivery, body, is_encoded=opening.is_encoded)
    client.answer(opening.lines, delivery.response.status, record.wire_id, body)


class _Opening(NamedTuple):
    """What answers begin with that have the same head, and what else follows from that."""

    headers: Sequence[Field]
    cors: Sequence[Field]
    lines: Lines
    is_encoded: bool


def _opening(delivery: Delivery, cors: Sequence[Field], *, is_whole: bool) -> _Opening:
    facts = delivery.response.head.facts
    known: _Opening | None = facts.get((_Opening, is_whole))
    if known is not None and known.headers is delivery.headers and known.cors == cors:
        return known
    headers = [*delivery.headers, *cors]
    if delivery.events and not is_whole:
        headers = [*without(headers, (_UNBUFFERED[0].lower(),)), _UNBUFFERED]
    lines = begin_response(delivery.response.status, headers)
    found = _Opening(delivery.headers, cors, lines, _is_encoded(delivery))
    facts[_Opening, is_whole] = found
    return found


def _calls(answered: Answered) -> OpenCalls | None:
    if not answered.delivery.events or answered.asked.call.head.method != "POST":
        return None
    messages = answered.asked.operation.messages
    return OpenCalls([each.id for each in messages if each.method and each.id is not None])


def _is_encoded(delivery: Delivery) -> bool:
    # Only a coding that changes the body is left in them.
    return bool(values_of(delivery.headers, b"content-encoding"))


def _answer_of(delivery: Delivery, body: bytes, *, is_encoded: bool) -> Answer:
    if is_encoded:
        return UNREAD
    return answer_in_events(body) if delivery.events else answer_in(body)


def _rewriter(answered: Answered) -> StreamRewriter | None:
    """What changes a stream on its way, also one that has ended already.

    Raises `UpstreamInvalid` for a coding that keeps it from being read.
    """
    asked, delivery = answered.asked, answered.delivery
    parts: list[StreamRewriter] = []
    if delivery.legacy:
        rewrite = partial(asked.call.route.forwarder.rewrite_endpoint, principal=asked.principal)
        parts.append(EndpointRewriter(rewrite))
    if answered.rewriter and delivery.events and delivery.response.body is None:
        parts.append(answered.rewriter.events)
    try:
        decoder = decoder_of(delivery) if parts else None
    except UpstreamInvalid:
        delivery.response.close()
        raise
    return Rewriters(parts if decoder is None else [decoder, *parts]) if parts else None
