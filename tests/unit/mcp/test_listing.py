"""Entries that are left out, and everything else that stays."""

import msgspec
import pytest

from gateway.errors import UpstreamInvalid
from gateway.mcp.listing import EVERY_LIST, Entry, filter_lists, private, tool_hints


def keep(listed: str, entry: Entry) -> bool:
    return entry.get("name") != "b"


def filtered(text: bytes) -> bytes:
    return filter_lists(text, sorted(EVERY_LIST), keep, 1000)


def test_an_entry_goes_and_the_others_keep_their_bytes() -> None:
    text = b'{"id":1,"result":{"x":1.0,"tools":[{"name":"a","n":1.50},{"name":"b"}],"y":2}}'

    assert filtered(text) == (b'{"id":1,"result":{"x":1.0,"tools":[{"name":"a","n":1.50}],"y":2}}')


@pytest.mark.parametrize(
    "text",
    [
        b'{"id":1,"result":{"content":[]}}',
        b'{"id":1,"error":{"tools":[{"name":"b"}]}}',
        b'{"method":"x","params":{"tools":[{"name":"b"}]}}',
        b'{"id":1,"result":7}',
    ],
)
def test_what_is_no_list_stays_as_it_is(text: bytes) -> None:
    assert filtered(text) == text


def test_each_answer_of_a_batch_is_filtered() -> None:
    text = b'[{"id":1,"result":{"tools":[{"name":"b"}]}},{"id":2,"result":{}}]'

    assert filtered(text) == b'[{"id":1,"result":{"tools":[]}},{"id":2,"result":{}}]'


@pytest.mark.parametrize("space", [b"", b" ", b"\n\t\r "])
def test_blanks_before_an_answer_hide_nothing(space: bytes) -> None:
    one = b'{"id":1,"result":{"tools":[{"name":"b"}]}}'

    assert filtered(space + one) == b'{"id":1,"result":{"tools":[]}}'
    assert filtered(space + b"[" + one + b"]") == b'[{"id":1,"result":{"tools":[]}}]'


def test_a_batch_of_which_nothing_is_left_out_keeps_its_bytes() -> None:
    text = b' [ {"id":1, "result":{}} , {"id":2,"error":{}} ]\n'

    assert filtered(text) == text


def test_a_request_of_the_server_is_no_answer() -> None:
    text = b'{"id":1,"method":"x","result":{"tools":[{"name":"b"}]}}'

    assert filtered(text) == text


@pytest.mark.requirement("183")
@pytest.mark.parametrize(
    ("sent", "limit", "given"),
    [
        (b'{"ttlMs":1000.0}', 1000, b'{"ttlMs":1000.0,"cacheScope":"private"}'),
        (b'{"ttlMs":1001}', 1000, b'{"ttlMs":1000,"cacheScope":"private"}'),
        (b'{"ttlMs":null}', 1000, b'{"ttlMs":1000,"cacheScope":"private"}'),
        (b'{"ttlMs":9999}', None, b'{"ttlMs":9999,"cacheScope":"private"}'),
        (b'{"cacheScope":"public"}', 1000, b'{"cacheScope":"private"}'),
        (b'{"cacheScope":"public"}', None, b'{"cacheScope":"private"}'),
        (b'{"x":1}', 1000, b'{"x":1}'),
    ],
)
def test_what_is_for_one_caller_says_so(sent: bytes, limit: int | None, given: bytes) -> None:
    result = msgspec.json.decode(sent, type=dict[str, msgspec.Raw])

    assert msgspec.json.encode(private(result, limit)) == given


@pytest.mark.requirement("183", "184")
def test_a_server_that_knows_no_caching_is_told_nothing_of_it() -> None:
    assert b"cacheScope" not in filtered(b'{"id":1,"result":{"tools":[]}}')
    assert filtered(b'{"id":1,"result":{"tools":[],"ttlMs":2000}}') == (
        b'{"id":1,"result":{"tools":[],"ttlMs":1000,"cacheScope":"private"}}'
    )


@pytest.mark.parametrize(
    "text", [b"", b"{", b"\xff", b'{"result":{"tools":1}}', b'{"result":{"tools":[1]}}']
)
def test_a_list_that_cannot_be_read_is_an_error(text: bytes) -> None:
    with pytest.raises(UpstreamInvalid) as caught:
        filtered(text)

    assert caught.value.reason == "unreadable"


def test_hints_are_those_that_are_true_or_false() -> None:
    given = {"readOnlyHint": True, "destructiveHint": False, "title": "x", "n": 1, "z": None}

    assert tool_hints({"annotations": given}) == {"readOnlyHint": True, "destructiveHint": False}
    assert tool_hints({"annotations": [True]}) == tool_hints({}) == {}
