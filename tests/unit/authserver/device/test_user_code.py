import pytest

from gateway.authserver.device.user_code import (
    ALPHABET,
    make_user_code,
    parse_user_code,
    show_user_code,
)


def test_code_is_made_of_letters_that_make_no_word() -> None:
    assert make_user_code(lambda letters: letters[0]) == "BBBBBBBB"
    assert not set("AEIOU01") & set(ALPHABET)


@pytest.mark.parametrize("typed", ["WDJB-MJHT", "wdjbmjht", " wdjb mjht ", "w.d.j.b.m.j.h.t"])
def test_case_and_punctuation_do_not_count(typed: str) -> None:
    """RFC 8628 §6.1."""
    assert parse_user_code(typed) == "WDJBMJHT"


@pytest.mark.parametrize(
    "typed", ["", "WDJB", "WDJB-MJHA", "WDJB-MJHTW", "ẂDJB-MJHT", "1" * 10_000]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert parse_user_code(typed) is None


def test_code_is_shown_in_two_halves() -> None:
    assert show_user_code("WDJBMJHT") == "WDJB-MJHT"
