"""Every error raised on purpose."""

import pytest

from gateway import errors
from gateway.errors import GatewayError, InsufficientScope


def all_errors(base: type[GatewayError] = GatewayError) -> list[type[GatewayError]]:
    return [base, *(each for child in base.__subclasses__() for each in all_errors(child))]


@pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.__name__)
def test_every_error_has_its_status_and_says_why_it_exists(error: type[GatewayError]) -> None:
    assert 400 <= error.status < 600
    assert error.jsonrpc_code < 0
    assert error.__doc__


@pytest.mark.requirement("6")
@pytest.mark.parametrize(
    ("error", "status"),
    [(errors.MissingToken, 401), (errors.InvalidToken, 401), (errors.InvalidRequest, 400)],
)
def test_credentials_have_the_statuses_of_the_specification(
    error: type[GatewayError], status: int
) -> None:
    """MCP authorization, error handling."""
    assert error.status == status


@pytest.mark.requirement("14")
def test_a_missing_scope_names_what_would_help() -> None:
    error = InsufficientScope("More.", scopes=frozenset({"a"}))

    assert (error.status, error.code) == (403, "insufficient_scope")
    assert error.scopes == frozenset({"a"})


def test_a_reason_is_given_or_the_errors_own() -> None:
    assert errors.InvalidToken("x").reason == "invalid"
    assert errors.InvalidToken("x", reason="expired").reason == "expired"


def test_not_knowing_says_when_to_ask_again() -> None:
    assert errors.IdentityUnavailable("x", retry_after_s=9).retry_after_s == 9


def test_every_refusal_of_credentials_has_a_challenge_and_no_other_answer_has() -> None:
    """RFC 6750 §3, RFC 9110 §15.5.2."""
    challenged = {
        error for error in all_errors() if error.challenge is not errors.ChallengeKind.NONE
    }

    own = {error for error in all_errors() if error.__module__ == GatewayError.__module__}
    assert {error for error in own if error.status == 401} <= challenged
    assert {error.status for error in challenged} == {400, 401, 403}


def test_what_leaves_the_end_of_a_request_in_doubt_closes_the_connection() -> None:
    closing = {error for error in all_errors() if error.closes_connection}

    assert closing >= {errors.MalformedHttp, errors.RequestTimeout, errors.BodyTooLarge}
    assert errors.MisplacedCredentials not in closing
