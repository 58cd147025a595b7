"""What can only mean one thing is understood, and nothing else."""

import pytest

from gateway.identity.token.leniency import normal_answer, parse_number, without_nulls

pytestmark = pytest.mark.requirement("B14")


def test_null_and_absent_are_the_same() -> None:
    assert without_nulls({"a": None, "b": 0, "c": "", "d": False, "e": []}) == {
        "b": 0,
        "c": "",
        "d": False,
        "e": [],
    }


@pytest.mark.parametrize(
    ("written", "number"), [("0", 0), ("1763900100", 1763900100), ("1763900100.5", 1763900100.5)]
)
def test_a_number_may_be_written_as_text(written: str, number: float) -> None:
    assert parse_number(written) == number


@pytest.mark.parametrize(
    "value", ["", "1e9", "0x10", "+1", "-1", " 1", "1.", "9" * 17, "٣", "never", True, None, [1]]
)
def test_what_has_two_readings_stays_as_it_is(value: object) -> None:
    assert parse_number(value) is value


def test_only_times_are_read_as_numbers() -> None:
    answer = {"exp": "5", "nbf": "0", "iat": None, "sub": "42", "client_id": "7"}

    assert normal_answer(answer) == {"exp": 5, "nbf": 0, "sub": "42", "client_id": "7"}
