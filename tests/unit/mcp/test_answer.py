"""What became of a call, found in its answer."""

import json

import pytest

from gateway.mcp.answer import MAX_KEPT_BYTES, Answer, AnswerWatch, answer_in, answer_in_events

pytestmark = pytest.mark.requirement("U11")

GOOD = b'{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":false}}'
FAILED = b'{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError": true}}'
ERROR = b'{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no such tool"}}'
TOOL_ERROR, JSONRPC_ERROR = Answer("tool_error"), Answer("jsonrpc_error", -32602)
# What a tool wrote is no word of the protocol, wherever it stands.
QUOTED = json.dumps(
    {"id": 1, "result": {"content": [{"type": "text", "text": FAILED.decode() + ERROR.decode()}]}}
).encode()
NESTED = b'{"id":1,"result":{"structuredContent":{"error":{"code":1},"isError":true}}}'
ASKED = b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"error":1},"error":{}}'


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (GOOD, Answer()),
        (FAILED, TOOL_ERROR),
        (ERROR, JSONRPC_ERROR),
        (b" \r\n" + ERROR, JSONRPC_ERROR),
        (b'{"id":1,"error":"odd"}', Answer("jsonrpc_error")),
        (b'{"id":1,"error":{"code":"x"}}', Answer("jsonrpc_error")),
        (b'{"id":1,"error":null,"result":{}}', Answer()),
        (b'{"id":1,"result":[{"isError":true}]}', Answer()),
        (QUOTED, Answer()),
        (NESTED, Answer()),
        (ASKED, Answer()),
        (b"", Answer()),
        (b"[]", Answer()),
        (b'"error" and more', Answer()),
        (b'{"error":' + b"[" * 100_000, Answer()),
    ],
)
def test_a_body_says_what_became_of_the_call(body: bytes, answer: Answer) -> None:
    assert answer_in(body) == answer


def test_a_batch_is_as_bad_as_its_worst_answer() -> None:
    assert answer_in(b"[%b,%b,%b]" % (GOOD, FAILED, ERROR)) == JSONRPC_ERROR
    assert answer_in(b"[%b,%b]" % (FAILED, GOOD)) == TOOL_ERROR


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize(
    ("message", "answer"),
    [
        (GOOD, Answer()),
        (FAILED, TOOL_ERROR),
        (ERROR, JSONRPC_ERROR),
        (NESTED, Answer()),
        (QUOTED, Answer()),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_event_says_the_same_in_pieces_of_any_size(
    end: bytes, message: bytes, answer: Answer, size: int
) -> None:
    event = b"event: message" + end + b"data: " + message + end + end
    stream = b": hello" + end + end + event + b"data: " + GOOD + end + end
    watch = AnswerWatch(events=True)

    for start in range(0, len(stream), size):
        watch.feed(stream[start : start + size])

    assert watch.answer == answer


def test_data_of_several_lines_is_one_message() -> None:
    watch = AnswerWatch(events=True)

    watch.feed(b'data: {"id":1,"result":{\ndata: "isError":\ndata: true}}\n\n')

    assert watch.answer == TOOL_ERROR


@pytest.mark.parametrize("size", [1000, 60_000])
@pytest.mark.parametrize("events", [True, False])
@pytest.mark.parametrize(
    ("head", "tail", "answer"),
    [
        (b'{"id":1,"result":{"content":"', b'","isError":true}}', TOOL_ERROR),
        (b'{"id":1,"result":{"content":"', b'","isError" : true}}', TOOL_ERROR),
        (b'{"id":1,"result":{"content":"', b'","isError":false}}', Answer()),
        (b'{"id":1,"result":{"isError":true,"content":"', b'"}}', TOOL_ERROR),
        (b'{"jsonrpc":"2.0","id":"a","error":{"message":"', b'"}}', Answer("jsonrpc_error")),
        (b'{"id":1,"result":{"structured":{"error":{"x":"', b'"}}}}', Answer()),
    ],
)
def test_a_long_answer_is_understood_without_being_kept(
    size: int, events: bool, head: bytes, tail: bytes, answer: Answer
) -> None:
    message = head + b"x" * 100_000 + tail
    stream = b"data: " + message + b"\n\n" if events else message
    watch = AnswerWatch(events=events)
    kept = 0

    for start in range(0, len(stream), size):
        watch.feed(stream[start : start + size])
        kept = max(kept, len(watch._kept))

    assert watch.answer == answer
    assert kept <= MAX_KEPT_BYTES


def test_an_event_after_a_long_one_is_read_again() -> None:
    watch = AnswerWatch(events=True)
    watch.feed(b"data: " + b"x" * 100_000)
    watch.feed(b"\n\n")

    watch.feed(b"data: " + ERROR + b"\n\n")

    assert watch.answer == JSONRPC_ERROR


def test_an_event_without_an_end_counts_for_nothing() -> None:
    watch = AnswerWatch(events=True)

    watch.feed(b"data: " + ERROR)

    assert watch.answer == Answer()


@pytest.mark.parametrize(
    ("events", "answer"),
    [
        ([GOOD], Answer()),
        ([QUOTED], Answer()),
        ([ASKED, GOOD], Answer()),
        ([GOOD, FAILED, GOOD], TOOL_ERROR),
        ([FAILED, ERROR], JSONRPC_ERROR),
        ([], Answer()),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_of_a_whole_stream_the_worst_event_counts(
    events: list[bytes], answer: Answer, end: bytes
) -> None:
    stream = b"".join(b"event: message%bdata: %b%b%b" % (end, each, end, end) for each in events)

    assert answer_in_events(stream) == answer
