import pytest

from gateway.client.failure import ClientFailure
from gateway.client.mcp.messages import (
    MAX_MESSAGE_BYTES,
    EventStream,
    Progress,
    RpcError,
    encode_header,
    mirrored_headers,
    parse_messages,
    progress_in,
    result_of,
)
from gateway.mcp.headers import decode_sentinel

TOOL = {
    "name": "search",
    "inputSchema": {
        "properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "dry": {"type": "boolean", "x-mcp-header": "Dry"},
            "inner": {"properties": {"size": {"type": "integer", "x-mcp-header": "Size"}}},
        }
    },
}


def test_events_are_read_as_they_come() -> None:
    reader = EventStream()

    found = [
        reader.feed(piece) for piece in (b": hi\n\nda", b"ta: 1\r\n", b"\r\ndata: 2\n\ndata: 3")
    ]

    assert found == [[], [], [b"1", b"2"]]


def test_event_without_end_is_refused() -> None:
    with pytest.raises(ClientFailure, match="without end"):
        EventStream().feed(b"data: " + b"x" * MAX_MESSAGE_BYTES)


def test_bodies_may_be_one_message_a_batch_or_nonsense() -> None:
    assert list(parse_messages(b'{"id":1}')) == [{"id": 1}]
    assert list(parse_messages(b'[{"id":1},7,{"id":2}]')) == [{"id": 1}, {"id": 2}]
    assert list(parse_messages(b"<html>")) == []


def test_error_of_a_server_is_told_with_its_code() -> None:
    with pytest.raises(RpcError, match=r"not today \(-32000\)") as error:
        result_of({"error": {"code": -32000, "message": "not today"}})
    assert error.value.code == -32000
    with pytest.raises(RpcError, match="without a word"):
        result_of({"error": {}})
    assert result_of({"result": {"a": 1}}) == {"a": 1}
    assert result_of({"result": None, "error": None}) == {}


def test_progress_is_that_of_this_call() -> None:
    params = {"progressToken": 7, "progress": 1, "total": 3, "message": "one"}
    message = {"method": "notifications/progress", "params": params}

    assert progress_in(message, 7) == Progress(1.0, 3.0, "one")
    assert progress_in(message, 8) is None
    assert progress_in({**message, "params": {"progressToken": 7}}, 7) is None
    assert progress_in({"method": "notifications/message", "params": {}}, 7) is None
    assert progress_in({**message, "params": {"progressToken": 7, "progress": 2}}, 7) == (
        Progress(2.0)
    )


def test_arguments_are_repeated_where_the_schema_asks() -> None:
    arguments = {"region": "grün", "dry": True, "inner": {"size": 5}, "other": "x"}

    assert mirrored_headers(TOOL, arguments) == {
        "Mcp-Param-Region": "=?base64?Z3LDvG4=?=",
        "Mcp-Param-Dry": "true",
        "Mcp-Param-Size": "5",
    }
    assert mirrored_headers(TOOL, {"inner": 1}) == {}


@pytest.mark.parametrize(
    "text", ["", "plain", "with space", " edge", "a\r\nb", "=?base64?x?=", "ß"]
)
def test_header_value_survives_the_way(text: str) -> None:
    encoded = encode_header(text)

    assert decode_sentinel(encoded) == text
    assert not set("\r\n") & set(encoded)
