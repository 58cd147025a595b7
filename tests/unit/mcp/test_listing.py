"""Entries that are left out, and everything else that stays."""

import pytest

from gateway.errors import UpstreamInvalid
from gateway.mcp.listing import EVERY_LIST, Entry, filter_lists


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
    with pytest.raises(UpstreamInvalid):
        filtered(text)
