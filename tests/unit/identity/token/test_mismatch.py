"""Refusals that name both values."""

import json

import pytest

from gateway.identity.token.mismatch import MAX_CHARS, mismatched, show

pytestmark = pytest.mark.requirement("B11")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("https://a/", '"https://a/"'),
        (None, "null"),
        (["b", 1, True], '["b", 1, true]'),
        ({"secret": "x"}, '"an object"'),
        ([{"secret": "x"}, "a"], '["\\u2026", "a"]'),
        ("\x1b[2J\u202e", '"\\u001b[2J\\u202e"'),
    ],
)
def test_a_value_is_shown_as_json_in_ascii(value: object, shown: str) -> None:
    assert show(value) == shown


@pytest.mark.parametrize("value", ["a" * 20_000, ["a" * 20_000] * 20_000, list(range(20_000))])
def test_no_value_is_shown_at_length(value: object) -> None:
    assert len(show(value)) <= MAX_CHARS + 1


def test_what_is_expected_is_bounded_too() -> None:
    error = mismatched("wrong_audience", "aud", [f"https://{n}" for n in range(20)], "x")

    assert error.mismatch is not None
    assert len(error.mismatch.expected) == 6
    assert json.loads(error.mismatch.received) == "x"
    assert "https" not in error.description
