"""Tools that are added to a server's lists and to its handshake."""

import json

import msgspec
import pytest

from gateway.errors import UpstreamInvalid
from gateway.mcp.tool_list import add_tools, declare_tools, tool_names

OWN = [msgspec.Raw(b'{"name":"own"}')]
EMPTY = {"tools": msgspec.Raw(b"[]")}
UNKNOWN = b'{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"?"}}'


def added(text: bytes) -> bytes:
    return add_tools(text, [1, "a"], OWN, EMPTY)


def test_entries_keep_their_bytes_and_ours_come_last() -> None:
    text = b'{"id":1,"result":{"x":1.0,"tools":[{"name":"a","n":1.50}],"y":2}}'

    assert added(text) == (
        b'{"id":1,"result":{"x":1.0,"tools":[{"name":"a","n":1.50},{"name":"own"}],"y":2}}'
    )


@pytest.mark.parametrize(
    "text",
    [
        b'{"id":1,"result":{"tools":[],"nextCursor":"n"}}',
        b'{"id":2,"result":{"tools":[]}}',
        b'{"id":1,"method":"x","result":{"tools":[]}}',
        b'{"id":1,"result":{"content":[]}}',
        b'{"id":1,"result":7}',
        b'{"id":1,"error":{"code":-32603}}',
        b'{"id":2,"error":{"code":-32601}}',
        b'{"id":1,"error":7}',
        b'{"result":{"tools":[]}}',
        b"[]",
    ],
)
def test_what_is_no_last_page_for_this_request_stays_as_it_is(text: bytes) -> None:
    assert added(text) == text


def test_a_server_without_the_method_is_answered_for() -> None:
    assert json.loads(added(UNKNOWN)) == {
        "jsonrpc": "2.0",
        "id": 1,
        "result": {"tools": [{"name": "own"}]},
    }


def test_without_tools_of_ours_its_error_stays() -> None:
    assert add_tools(UNKNOWN, [1], [], EMPTY) == UNKNOWN


def test_a_batch_is_changed_where_it_must_be() -> None:
    text = b'[{"id":"a","result":{"tools":[]}},{"id":7,"result":{"tools":[]}}]'

    assert added(text) == (
        b'[{"id":"a","result":{"tools":[{"name":"own"}]}},{"id":7,"result":{"tools":[]}}]'
    )


def test_names_are_read_of_every_answer() -> None:
    assert tool_names(b'[{"result":{"tools":[{"name":"a"}]}},{"id":1,"error":{}}]') == {"a"}
    assert tool_names(UNKNOWN) == frozenset()


def test_a_handshake_says_that_there_are_tools() -> None:
    hello = b'{"id":1,"result":{"capabilities":{"prompts":{}},"serverInfo":{}}}'

    declared = json.loads(declare_tools(hello, [1]))["result"]

    assert declared == {"capabilities": {"prompts": {}, "tools": {}}, "serverInfo": {}}


@pytest.mark.parametrize(
    "hello",
    [
        b'{"id":1,"result":{"capabilities":{"tools":{"listChanged":true}}}}',
        b'{"id":1,"result":{}}',
        b'{"id":2,"result":{"capabilities":{}}}',
        b'{"id":1,"error":{"code":-32600}}',
    ],
)
def test_other_handshakes_stay_as_they_are(hello: bytes) -> None:
    assert declare_tools(hello, [1]) == hello


@pytest.mark.parametrize("text", [b"", b"{", b'{"id":1,"result":{"tools":1}}'])
def test_what_cannot_be_read_is_an_error(text: bytes) -> None:
    with pytest.raises(UpstreamInvalid):
        added(text)
