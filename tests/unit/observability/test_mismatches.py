"""What operators see of tokens that do not fit."""

import logging

import pytest

from gateway.observability.mismatches import PAUSE_S, Mismatches
from gateway.refusal_facts import Mismatch

pytestmark = pytest.mark.requirement("B11")
AUDIENCE = Mismatch("aud", ("https://gw/mcp",), '"https://gw/mcp/"')


def test_each_kind_is_logged_once_a_minute_with_both_values(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    now = 1_763_910_000.0
    mismatches = Mismatches(lambda: now)
    for _ in range(3):
        mismatches.note("files", "wrong_audience", AUDIENCE)
    mismatches.note("files", "wrong_type", Mismatch("typ", ("at+jwt",), '"JWT"'))
    now += PAUSE_S
    mismatches.note("files", "wrong_audience", AUDIENCE)

    told = [vars(each) for each in caplog.records]
    assert [(each["what"], each["count"]) for each in told] == [("aud", 1), ("typ", 1), ("aud", 4)]
    assert {each["levelname"] for each in told} == {"INFO"}
    assert told[0]["expected"] == ["https://gw/mcp"]
    assert told[0]["received"] == '"https://gw/mcp/"'


def test_the_last_of_each_kind_is_kept_without_anything_like_a_token() -> None:
    mismatches = Mismatches(lambda: 1_763_910_000.0)
    mismatches.note("files", "wrong_audience", AUDIENCE)
    mismatches.note("files", "wrong_audience", Mismatch("aud", ("a",), '"eyJhbGciOiJ9.e30.x"'))

    (noted,) = mismatches.latest
    assert (noted.count, noted.expected, noted.received) == (2, "a", '"[redacted]"')
