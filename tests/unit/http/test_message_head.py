import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.http.message_head import (
    Field,
    UnfitHead,
    _beginnings,
    begin_head,
    build_head,
    end_head,
    field_lines,
    is_field_text,
    is_token,
    request_line,
    values_of,
    without,
)
from tests.architecture.sources import python_files, relative

# A field line that is put together from what is not known here.
OWN_LINE = re.compile(r": (?:%[bsd]|\{[^}]*\})\\r\\n")
START = b"HTTP/1.1 200 OK"
FIELDS = st.lists(st.tuples(st.binary(max_size=8), st.binary(max_size=12)), max_size=5)


def test_a_head_is_its_first_line_its_fields_and_an_empty_line() -> None:
    ready = field_lines([(b"B", b"2"), (b"C", b"")])

    head = build_head(START, [(b"A", b"1\t\xe9")], [ready])

    assert head == b"HTTP/1.1 200 OK\r\nA: 1\t\xe9\r\nB: 2\r\nC: \r\n\r\n"


@pytest.mark.requirement("A11", "168")
@given(FIELDS)
def test_no_bytes_make_another_line(fields: list[Field]) -> None:
    try:
        head = build_head(START, fields)
    except UnfitHead:
        return

    assert len(head.split(b"\r\n")) == len(fields) + 3
    assert not re.search(rb"[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?!\n)", head)


@pytest.mark.requirement("A11", "168")
@given(FIELDS, FIELDS)
def test_a_head_in_two_parts_is_refused_as_a_whole_one_is(
    first: list[Field], second: list[Field]
) -> None:
    try:
        whole = build_head(START, [*first, *second])
    except UnfitHead:
        with pytest.raises(UnfitHead):
            end_head(begin_head(START, first), second)
        return

    assert end_head(begin_head(START, first), second) == whole


@pytest.mark.requirement("A11")
@pytest.mark.parametrize("value", [b"a\r\nX: y", b"a\n", b"\r", b"\0"])
def test_the_end_of_a_head_makes_no_line_of_its_own(value: bytes) -> None:
    with pytest.raises(UnfitHead):
        end_head(begin_head(START, []), [(b"A", value)])


@pytest.mark.requirement("A11")
@given(FIELDS)
def test_lines_are_refused_as_heads_are(fields: list[Field]) -> None:
    try:
        lines = field_lines(fields)
    except UnfitHead:
        with pytest.raises(UnfitHead):
            build_head(START, fields)
        return

    assert build_head(START, [], [lines]) == build_head(START, fields)


@pytest.mark.requirement("A11")
@pytest.mark.parametrize("value", [b"a\r\nX: y", b"a\n", b"\r", b"\0", b"\x1b[2J", b"\x7f"])
def test_a_value_that_is_none_is_refused_and_not_told(value: bytes) -> None:
    assert not is_field_text(value)
    with pytest.raises(UnfitHead) as of_line:
        field_lines([(b"X-A", value)])
    with pytest.raises(UnfitHead) as of_head:
        build_head(START, [(b"X-A", value)])
    assert "2J" not in f"{of_line.value} {of_head.value}"


@pytest.mark.requirement("A11")
def test_a_line_break_in_the_first_line_is_refused() -> None:
    with pytest.raises(UnfitHead):
        build_head(b"HTTP/1.1 200 OK\r\nX: y", [])


@pytest.mark.requirement("A11")
@pytest.mark.parametrize(
    ("method", "target"),
    [
        (b"GE T", b"/"),
        (b"", b"/"),
        (b"GET", b""),
        (b"GET", b"x"),
        (b"GET", b"/ x"),
        (b"GET", b"/\n"),
    ],
)
def test_a_request_line_that_is_none_is_refused(method: bytes, target: bytes) -> None:
    with pytest.raises(UnfitHead):
        request_line(method, target)


@pytest.mark.requirement("I7")
@pytest.mark.parametrize("name", [b"", b"X User", b"X-User\t", b"X:", b"X\r\n", b"\xc3\xa9"])
def test_malformed_names_are_no_tokens(name: bytes) -> None:
    assert not is_token(name)


@pytest.mark.requirement("A11")
def test_nobody_else_puts_a_head_together() -> None:
    makers = {
        relative(path)
        for path in python_files("gateway")
        if OWN_LINE.search(path.read_text(encoding="utf-8"))
    }

    assert makers == {"gateway/http/message_head.py"}


def test_callers_cannot_make_the_memory_of_names_grow() -> None:
    for number in range(3000):
        build_head(START, [(b"X-%d" % number, b"")])

    assert len(_beginnings) <= 1024


def test_values_of_a_field_are_found_in_every_spelling_of_its_name() -> None:
    fields = [(b"Allow", b"GET"), (b"X-Allow", b"no"), (b"ALLOW", b"POST")]

    assert values_of(fields, b"allow") == [b"GET", b"POST"]


def test_fields_are_left_out_in_every_spelling_of_their_names() -> None:
    fields = [(b"Content-Type", b"a"), (b"ETag", b"b"), (b"content-TYPE", b"c")]

    assert without(fields, {b"content-type"}) == [(b"ETag", b"b")]
