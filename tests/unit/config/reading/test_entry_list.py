"""Lists of entries and times, as people write them into files."""

import time
from collections.abc import Iterator

import pytest

from gateway.config.reading.entry_list import (
    EntryReader,
    ListForm,
    dump_entries,
    format_time,
    parse_entries,
    parse_time,
)

FORM = ListForm("people", "person", ("name", "tags", "gone", "since"))
NEW_YEAR_2027 = 1_798_761_600


def _read(reader: EntryReader) -> tuple[str | None, list[str], bool, float | None]:
    tags = list(reader.texts("tags"))
    return reader.text("name"), tags, reader.flag("gone"), reader.time("since")


def _complaint(text: str) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_entries(text, FORM, _read)
    return str(caught.value)


@pytest.fixture
def in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as here:
        here.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    "text",
    [
        "2027-01-01",
        "2027-01-01T00:00:00",
        "2027-01-01 00:00:00",
        "2027-01-01T00:00:00Z",
        "2027-01-01T01:00:00+01:00",
        "2026-12-31T19:00:00.0-05:00",
    ],
)
def test_times_are_utc_unless_they_say_otherwise(text: str, in_new_york: None) -> None:
    assert parse_time(text) == NEW_YEAR_2027


@pytest.mark.parametrize("value", ["soon", "", 7, None, "2027-13-01", "9999-12-31T23:59:59-05:00"])
def test_anything_else_is_explained(value: object) -> None:
    with pytest.raises(ValueError, match="expected a time such as"):
        parse_time(value)


def test_a_time_is_written_without_parts_of_a_second() -> None:
    assert format_time(NEW_YEAR_2027 + 0.9) == "2027-01-01T00:00:00Z"


def test_every_mistake_is_told_at_once_with_its_line() -> None:
    text = "people:\n- name: [ada]\n  gone: perhaps\n- tags: 7\n  pasword: hunter2\n  since:\n"

    complaint = _complaint(text)

    assert complaint.split("; ") == [
        "line 2: person 1: name: expected text",
        "or leave it out",
        "line 3: person 1: gone: expected true or false",
        "or leave it out",
        "line 5: person 2: unknown, known are name, tags, gone, since",
        "line 4: person 2: tags: expected a list such as [a, b]",
        "or leave it out",
        'line 6: person 2: since: expected a time such as "2027-01-01T00:00:00Z"',
    ]


@pytest.mark.parametrize("text", ["", "people:", "people: {}", "[]", "people: []\nmore: []"])
def test_a_file_of_another_form_is_refused(text: str) -> None:
    assert "expected `people:` with a list, and nothing else" in _complaint(text)


def test_what_is_written_is_read_and_empty_members_are_left_out() -> None:
    text = dump_entries("people", [{"name": "1_0", "tags": [], "gone": True, "since": None}])

    assert text == "people:\n- name: '1_0'\n  gone: true\n"
    assert parse_entries(text, FORM, _read) == [("1_0", [], True, None)]
