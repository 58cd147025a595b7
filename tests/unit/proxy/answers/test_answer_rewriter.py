"""Changing an answer on its way, whole or as a stream, coded or not."""

import gzip
from collections.abc import Sequence

import pytest

from gateway.errors import UpstreamInvalid
from gateway.http.message_head import Field
from gateway.proxy.answers.answer_rewriter import (
    AnswerRewriter,
    decoder_of,
    rewrite_body,
    without_bytes,
)
from tests.unit.proxy.sending import delivery

JSON: Field = (b"Content-Type", b"application/json")
GZIP: Field = (b"Content-Encoding", b"gzip")


def _louder(text: bytes) -> bytes:
    return text.replace(b"quiet", b"LOUD")


async def rewritten(
    body: bytes, headers: Sequence[Field] = (JSON,), status: int = 200, *, events: bool = False
) -> tuple[bytes | None, int, Sequence[Field]]:
    given = delivery(headers, status, body, events=events)
    result = await rewrite_body(given, AnswerRewriter([_louder]))
    return result.response.body, result.response.status, result.headers


async def test_changes_follow_one_another() -> None:
    rewriter = AnswerRewriter([_louder, lambda text: text + b"!"])

    assert rewriter.whole(b"quiet") == b"LOUD!"


async def test_a_body_is_changed_and_what_spoke_of_its_bytes_is_gone() -> None:
    body, _, headers = await rewritten(b'{"a":"quiet"}', [JSON, (b"ETag", b'"1"')])

    assert body == b'{"a":"LOUD"}'
    assert headers == [JSON]


async def test_a_body_that_stays_the_same_keeps_its_head() -> None:
    headers = [JSON, (b"ETag", b'"1"')]

    assert await rewritten(b"", headers) == (b"", 200, headers)


async def test_a_coded_body_is_read_and_goes_on_as_it_reads() -> None:
    body, _, headers = await rewritten(gzip.compress(b"quiet"), [JSON, GZIP])

    assert (body, headers) == (b"LOUD", [JSON])


async def test_a_coding_that_cannot_be_undone_does_not_pass_unseen() -> None:
    with pytest.raises(UpstreamInvalid):
        await rewritten(b"quiet", [JSON, (b"Content-Encoding", b"br")])


async def test_an_error_that_became_a_result_has_its_status() -> None:
    assert (await rewritten(b"quiet", status=400))[1] == 200


async def test_an_ended_stream_is_changed_event_by_event() -> None:
    stream = b'event: endpoint\ndata: /quiet\n\ndata: {"a":"quiet"}\n\n'

    body, _, _ = await rewritten(stream, events=True)

    assert body == b'event: endpoint\ndata: /quiet\n\ndata: {"a":"LOUD"}\n\n'


async def test_a_stream_that_goes_on_is_left_to_pass() -> None:
    open_stream = delivery([JSON], body=None, events=True)

    assert await rewrite_body(open_stream, AnswerRewriter([_louder])) is open_stream


async def test_a_body_that_comes_in_pieces_is_waited_for() -> None:
    given = delivery([JSON], body=None)
    given.response.feed(b'{"a":"qui')
    given.response.feed(b'et"}')
    given.response.finish()

    result = await rewrite_body(given, AnswerRewriter([_louder]))

    assert result.response.body == b'{"a":"LOUD"}'


def test_nothing_is_decoded_where_nothing_is_coded() -> None:
    assert decoder_of(delivery([JSON])) is None


def test_only_fields_about_the_bytes_are_left_out() -> None:
    fields = [JSON, GZIP, (b"Content-MD5", b"x"), (b"X-Other", b"1")]

    assert without_bytes(delivery(fields)).headers == [JSON, (b"X-Other", b"1")]
