import pytest

from gateway.strict_json import parse_json_object


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
