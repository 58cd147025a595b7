"""Answers of token endpoints: RFC 6749 §5."""

import pytest

from gateway.identity.provider.fetch import Answer
from gateway.identity.provider.token_answer import UNKNOWN_LIFETIME_S, parse_error, parse_token

GOOD = {"access_token": "abc", "token_type": "Bearer", "expires_in": 3600}


def test_a_token_is_used_until_shortly_before_its_end() -> None:
    found = parse_token(Answer(200, GOOD | {"issued_token_type": "x"}))

    assert found is not None
    assert (found.token, found.usable_s, found.issued_type) == ("abc", 3570, "x")
    assert "abc" not in repr(found)


@pytest.mark.requirement("B14")
def test_a_life_may_be_written_as_text() -> None:
    found = parse_token(Answer(200, GOOD | {"expires_in": "100"}))

    assert found is not None
    assert found.usable_s == 90


@pytest.mark.parametrize("expires_in", [None, "soon", True, 0, -1, 10**400])
def test_a_life_that_is_not_told_is_short(expires_in: object) -> None:
    found = parse_token(Answer(200, GOOD | {"expires_in": expires_in}))

    assert found is not None
    assert found.usable_s == UNKNOWN_LIFETIME_S


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        GOOD | {"access_token": "a\r\nX: y"},
        GOOD | {"access_token": ""},
        GOOD | {"access_token": 1},
        GOOD | {"token_type": "DPoP"},
        GOOD | {"token_type": None},
    ],
)
def test_what_no_header_can_hold_is_no_token(document: object) -> None:
    assert parse_token(Answer(200, document)) is None


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"error": "invalid_client"}, "401 invalid_client"),
        ({"error": "secret abc!"}, "status 401"),
        (None, "status 401"),
    ],
)
def test_only_the_code_of_an_error_is_told(document: object, text: str) -> None:
    assert parse_error(Answer(401, document)) == text
