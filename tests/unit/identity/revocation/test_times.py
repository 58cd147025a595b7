"""Times as people write them into files."""

import time
from collections.abc import Iterator

import pytest

from gateway.identity.revocation.times import format_time, parse_time


@pytest.fixture
def in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as here:
        here.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    "text",
    ["2027-01-01", "2027-01-01T00:00:00", "2027-01-01T00:00:00Z", "2027-01-01T01:00:00+01:00"],
)
def test_times_are_utc_unless_they_say_otherwise(text: str, in_new_york: None) -> None:
    assert parse_time(text) == 1_798_761_600


@pytest.mark.parametrize("value", ["soon", "", 7, None, "2027-13-01"])
def test_anything_else_is_explained(value: object) -> None:
    with pytest.raises(ValueError, match="expected a time such as"):
        parse_time(value)


def test_a_time_is_written_as_it_is_read() -> None:
    assert format_time(1_798_761_600) == "2027-01-01T00:00:00Z"
