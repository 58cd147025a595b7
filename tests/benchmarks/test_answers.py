import httptools
import pytest

from benchmarks.targets.answers import (
    EVENT_IN_PIECES_TOOL,
    EVENT_TOOL,
    HEAD_TOOL,
    JSON_TOOL,
    Answers,
)

DATE = "Wed, 25 Nov 2026 17:00:00 GMT"
LATER = "Wed, 25 Nov 2026 17:00:01 GMT"


class Read:
    """What a client reads from the writes of an answer."""

    def __init__(self, writes: bytes) -> None:
        self.body = b""
        self.fields: dict[bytes, bytes] = {}
        self.complete = False
        httptools.HttpResponseParser(self).feed_data(writes)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields[name.lower()] = value

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True


def call(tool: str) -> bytes:
    return b'{"method":"tools/call","params":{"name":"%b"}}' % tool.encode()


@pytest.mark.parametrize("tool", [JSON_TOOL, EVENT_TOOL, EVENT_IN_PIECES_TOOL, HEAD_TOOL])
def test_every_answer_is_one_complete_message_with_a_date(tool: str) -> None:
    answer = Read(b"".join(Answers(DATE).to_message(call(tool), b"POST /mcp HTTP/1.1\r\n\r\n")))

    assert answer.complete
    assert answer.fields[b"date"] == DATE.encode()


def test_an_event_comes_in_one_write_or_as_head_chunk_and_last_chunk() -> None:
    answers = Answers(DATE)

    whole = answers.to_message(call(EVENT_TOOL), b"")
    pieces = answers.to_message(call(EVENT_IN_PIECES_TOOL), b"")

    assert len(whole) == 1
    assert len(pieces) == 3
    assert pieces[0].endswith(b"\r\n\r\n")
    assert pieces[2] == b"0\r\n\r\n"
    assert b"".join(pieces) == whole[0]
    assert Read(whole[0]).body.startswith(b"event: message\r\ndata: {")


def test_only_a_handshake_is_given_a_session() -> None:
    answers = Answers(DATE)

    assert b"mcp-session-id" in Read(answers.to_message(b'{"method":"initialize"}', b"")[0]).fields
    assert b"mcp-session-id" not in Read(answers.to_message(call(JSON_TOOL), b"")[0]).fields


def test_a_renewed_date_is_in_every_answer() -> None:
    answers = Answers(DATE)

    answers.renew(LATER)

    for tool in (JSON_TOOL, EVENT_TOOL, EVENT_IN_PIECES_TOOL):
        assert LATER.encode() in answers.to_message(call(tool), b"")[0]
