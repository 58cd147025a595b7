"""The access token of a request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest, InvalidToken, MissingToken
from gateway.oauth.bearer import (
    MAX_TOKEN_CHARS,
    Credentials,
    has_query_token,
    parse_authorization,
)


@pytest.mark.requirement("71", "73")
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_whatever_its_case(scheme: str) -> None:
    """RFC 9110 §11.1."""
    found = parse_authorization([f"{scheme} abc.def-_~+/=="])

    assert found == Credentials("Bearer", "abc.def-_~+/==")


@pytest.mark.parametrize("scheme", ["DPoP", "dpop"])
def test_a_bound_token_comes_with_a_scheme_of_its_own(scheme: str) -> None:
    """RFC 9449 §7.1."""
    assert parse_authorization([f"{scheme} abc"]) == Credentials("DPoP", "abc")


@pytest.mark.parametrize("values", [[], ["Basic dXNlcjpwYXNz"], ["Negotiate abc"]])
def test_no_bearer_credentials_are_no_token(values: list[str]) -> None:
    assert parse_authorization(values) is None


@pytest.mark.requirement("70", "H7")
def test_two_headers_are_refused() -> None:
    with pytest.raises(InvalidRequest):
        parse_authorization(["Bearer a", "Bearer a"])


@pytest.mark.requirement("H7", "B9")
@pytest.mark.parametrize(
    "value", ["Bearer a b", "Bearer a  b", "Bearer a, Bearer b", "Basic YTpi, Bearer a"]
)
def test_two_tokens_in_one_header_are_refused(value: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_authorization([value])


@pytest.mark.requirement("B9")
@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "bearer    ", "DPoP "])
def test_a_scheme_without_a_token_is_no_token(value: str) -> None:
    with pytest.raises(MissingToken):
        parse_authorization([value])


@pytest.mark.requirement("B9")
def test_a_token_that_is_too_long_is_told_so() -> None:
    with pytest.raises(InvalidToken, match="longer than 16384 characters") as refused:
        parse_authorization(["Bearer " + "a" * (MAX_TOKEN_CHARS + 1)])

    assert refused.value.reason == "token_too_long"


@pytest.mark.requirement("76", "H7", "B9")
@pytest.mark.parametrize(
    "value",
    [
        "Bearer a,b",
        "Bearer Bearer a",
        "Bearer DPoP a",
        "Bearer ${MCP_TOKEN}",
        "Bearer {{token}}",
        "Bearer <your token>",
        "${MCP_TOKEN}",
        'Bearer "a"',
        "Bearer \u00e9",
        "Bearer a\x00",
        "Bearer =",
        "Bearer a=b",
        "Bearer\ta",
        "",
        " ",
    ],
)
def test_malformed_credentials_are_refused_without_being_repeated(value: str) -> None:
    with pytest.raises(InvalidToken) as refused:
        parse_authorization([value])

    secret = value.partition(" ")[2].strip()
    assert not secret or secret not in refused.value.description


@given(st.text(max_size=60))
def test_any_text_is_a_token_nothing_or_refused(text: str) -> None:
    try:
        found = parse_authorization([f"Bearer {text}"])
    except (InvalidRequest, InvalidToken, MissingToken):
        return
    assert found == Credentials("Bearer", text.strip(" "))


@pytest.mark.requirement("13", "70")
@pytest.mark.parametrize(
    "query",
    [
        "access_token=a",
        "x=1&access_token=",
        "Access_Token=a",
        "%61ccess_token=a",
        "a;access_token=b",
        "access%5Ftoken",
    ],
)
def test_a_token_in_the_query_is_seen_however_it_is_written(query: str) -> None:
    assert has_query_token(query)


@pytest.mark.parametrize(
    "query", ["", "a=access_token", "my_access_token=1", "access=token", "%20=1"]
)
def test_other_parameters_are_no_token(query: str) -> None:
    assert not has_query_token(query)
