import pytest

from gateway.errors import InvalidRequest
from gateway.oauth.authorization_request import (
    MAX_STATE_CHARS,
    parse_authorization_request,
    parse_scope,
    parse_state,
)
from gateway.oauth.errors import UnsupportedResponseType
from gateway.oauth.parameters import Parameters

GOOD = {
    "response_type": "code",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
}


def test_whole_request_is_read() -> None:
    given = GOOD | {
        "scope": "a  b",
        "prompt": "consent login",
        "login_hint": "ada",
        "dpop_jkt": "x" * 43,
    }

    request = parse_authorization_request(Parameters(given, ("r",)))

    assert request.scopes == frozenset({"a", "b"})
    assert request.prompt == {"consent", "login"}
    assert (request.login_hint, request.dpop_key, request.resources) == ("ada", "x" * 43, ("r",))


@pytest.mark.requirement("140")
@pytest.mark.parametrize("response_type", ["token", "id_token", "code token", "none"])
def test_there_is_no_implicit_grant(response_type: str) -> None:
    with pytest.raises(UnsupportedResponseType):
        parse_authorization_request(Parameters(GOOD | {"response_type": response_type}))


@pytest.mark.parametrize(
    "changes",
    [
        {"request": "x"},
        {"request_uri": "https://evil.example"},
        {"response_mode": "fragment"},
        {"dpop_jkt": "short"},
    ],
)
def test_what_is_not_offered_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        parse_authorization_request(Parameters(GOOD | changes))


def test_response_type_must_be_there() -> None:
    with pytest.raises(InvalidRequest):
        parse_authorization_request(Parameters({}))


def test_state_has_a_bound() -> None:
    assert parse_state(Parameters({})) is None
    assert parse_state(Parameters({"state": "x" * MAX_STATE_CHARS})) == "x" * MAX_STATE_CHARS
    with pytest.raises(InvalidRequest):
        parse_state(Parameters({"state": "x" * (MAX_STATE_CHARS + 1)}))


def test_scope_of_blanks_is_none() -> None:
    assert parse_scope(Parameters({"scope": "  "})) is None
