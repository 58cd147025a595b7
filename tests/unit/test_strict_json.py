import pytest

from gateway.strict_json import MAX_DEPTH, parse_json, parse_json_object


def test_object_is_read() -> None:
    text = '{"a": {"b": [1, 2.5, "ü", null, true]}, "c": "\\u00fc\\ud83d\\ude00"}'.encode()

    assert parse_json_object(text) == {"a": {"b": [1, 2.5, "ü", None, True]}, "c": "ü😀"}


@pytest.mark.requirement("98", "111", "J8", "J9")
@pytest.mark.parametrize(
    "text",
    [
        b'{"aud":"a","aud":"b"}',
        b'{"a":{"b":1,"b":2}}',
        b'[{"a":1,"a":2}]',
        b'{"a":1,"\\u0061":2}',
        b'{"exp":NaN}',
        b'{"exp":Infinity}',
        b'{"exp":1e400}',
        b'{"exp":' + b"9" * 5000 + b"}",
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        b'{"a":' + b"[" * 16000 + b"]" * 16000 + b"}",
        b'{"a":1} trailing',
        b'"text"',
        b"[]",
        b"",
        b"<html>",
    ],
)
def test_what_parsers_disagree_on_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # which of json's errors does not matter
        parse_json_object(text)


def _nested(depth: int, core: str = "1") -> bytes:
    return ("[" * depth + core + "]" * depth).encode()


@pytest.mark.requirement("A8")
def test_nesting_has_a_limit_and_brackets_inside_of_text_are_none() -> None:
    assert parse_json(_nested(MAX_DEPTH)) is not None
    assert parse_json(b"[" + b"[]," * 1000 + b"[]]") is not None
    assert parse_json(b'"' + b"[" * 1000 + b'"') == "[" * 1000
    with pytest.raises(ValueError, match="nested"):
        parse_json(_nested(MAX_DEPTH + 1))
    with pytest.raises(ValueError, match="nested"):
        parse_json(('{"a":' * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1)).encode())


@pytest.mark.requirement("A8")
@pytest.mark.parametrize("depth", range(900, 1000))
def test_no_depth_is_more_than_a_value_error(depth: int) -> None:
    """An escape makes a second parser look at the value, which stops at another depth."""
    with pytest.raises(ValueError):  # noqa: PT011  # which of them does not matter
        parse_json(_nested(depth, '"\\u00fc"'))
