"""Arguments that policy looks at have one meaning."""

import msgspec
import pytest

from gateway.errors import InvalidMessage
from gateway.mcp.arguments import parse_arguments


def raw(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())


def test_arguments_are_read_at_every_depth() -> None:
    assert parse_arguments(raw('{"a":{"b":[1,2.5,null,"x"]}}')) == {"a": {"b": [1, 2.5, None, "x"]}}


@pytest.mark.parametrize("nothing", [None, raw("null"), raw("{}")])
def test_no_arguments_are_none(nothing: msgspec.Raw | None) -> None:
    assert parse_arguments(nothing) == {}


@pytest.mark.requirement("M1", "M2", "M5", "M6")
@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}',
        '{"a":{"b":1,"B":2}}',
        '{"a":[{"b":1,"b":2}]}',
        '{"a":"\\ud800"}',
        '{"a":1e999}',
        '{"a":-9007199254740993}',
        '{"a":1e300}',
        "[1]",
        '"a"',
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(InvalidMessage):
        parse_arguments(raw(text))
