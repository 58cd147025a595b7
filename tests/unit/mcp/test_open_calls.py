"""Which requests an event stream has not answered yet."""

import json

import pytest

from gateway.mcp.open_calls import MAX_KEPT_BYTES, OpenCalls

pytestmark = pytest.mark.requirement("B4")

ENDS = [b"\n\n", b"\r\n\r\n", b"\r\r"]


def open_after(stream: bytes, *ids: int | str, size: int = 0) -> tuple[int | str, ...]:
    calls = OpenCalls(ids)
    for start in range(0, len(stream), size or len(stream)):
        calls.feed(stream[start : start + (size or len(stream))])
    return calls.ids


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("size", [0, 1, 7])
def test_an_answer_closes_its_call_alone(end: bytes, size: int) -> None:
    stream = b'event: message\ndata: {"jsonrpc":"2.0","id":2,"result":{"id":1}}'.replace(
        b"\n", end[: len(end) // 2]
    )

    assert open_after(stream + end, 1, 2, "2", size=size) == (1, "2")


@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "2.0", "id": 1, "method": "sampling/createMessage"},
        {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"id": 1}},
        {"jsonrpc": "2.0", "id": "1", "result": {}},
        {"jsonrpc": "2.0", "id": None, "error": {}},
        {"jsonrpc": "2.0", "id": [1], "error": {}},
    ],
)
def test_what_is_no_answer_to_a_call_closes_none(message: object) -> None:
    assert open_after(b"data: %b\n\n" % json.dumps(message).encode(), 1) == (1,)


@pytest.mark.parametrize("data", [b'{"id":', b'"id"', b"1", b'{"id":1}x', b'{"id":\xff}'])
def test_what_cannot_be_read_closes_none(data: bytes) -> None:
    assert open_after(b"data: %b\n\n" % data, 1) == (1,)


def test_an_error_and_a_batch_are_answers() -> None:
    stream = b'data: {"id":"a","error":{}}\n\ndata: [{"id":1,"result":0},{"id":2,"result":0}]\n\n'

    assert open_after(stream, 1, 2, 3, "a") == (3,)


def test_an_event_under_way_answers_nothing() -> None:
    assert open_after(b'data: {"id":1,"result":{}}\n', 1) == (1,)


@pytest.mark.parametrize("size", [0, 1000])
@pytest.mark.parametrize(
    "message", ['{"id":1,"result":"%s"}', '{"result":"%s","jsonrpc":"2.0","id": 1}']
)
def test_a_long_answer_is_known_by_its_ends(message: str, size: int) -> None:
    long = (message % ("x" * 3 * MAX_KEPT_BYTES)).encode()
    stream = b"data: %b\n\ndata: {}\n\n" % long

    assert open_after(stream, 1, 2, size=size) == (2,)


def test_a_long_notification_is_no_answer() -> None:
    message = '{"jsonrpc":"2.0","method":"x","params":"%s","id":1}' % ("x" * 3 * MAX_KEPT_BYTES)

    assert open_after(b"data: %b\n\n" % message.encode(), 1, size=1000) == (1,)


def test_what_is_kept_has_a_bound() -> None:
    calls = OpenCalls([1])
    for _ in range(100):
        calls.feed(b"x" * 10_000)

    assert len(calls._kept) + len(calls._begins) < 2 * MAX_KEPT_BYTES
