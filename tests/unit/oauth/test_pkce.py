import pytest

from gateway.errors import InvalidRequest
from gateway.oauth.errors import InvalidGrant
from gateway.oauth.parameters import Parameters
from gateway.oauth.pkce import check_code_verifier, parse_code_challenge

# RFC 7636 appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_example_of_the_rfc_fits() -> None:
    check_code_verifier(VERIFIER, CHALLENGE)


@pytest.mark.requirement("57", "128", "129", "F8")
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"code_challenge_method": "S256"},
        {"code_challenge": CHALLENGE},
        {"code_challenge": CHALLENGE, "code_challenge_method": "plain"},
        {"code_challenge": CHALLENGE, "code_challenge_method": "s256"},
        {"code_challenge": CHALLENGE[:-1], "code_challenge_method": "S256"},
        {"code_challenge": CHALLENGE + "a", "code_challenge_method": "S256"},
        {"code_challenge": CHALLENGE[:-1] + "=", "code_challenge_method": "S256"},
    ],
)
def test_request_without_a_challenge_of_s256_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        parse_code_challenge(Parameters(given))


def test_challenge_of_s256_is_taken() -> None:
    given = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}

    assert parse_code_challenge(Parameters(given)) == CHALLENGE


@pytest.mark.requirement("128", "129", "F8")
@pytest.mark.parametrize(
    "verifier",
    [None, "", "x" * 42, "x" * 129, VERIFIER[:-1] + "l", VERIFIER + " ", CHALLENGE, "ä" * 43],
)
def test_every_other_verifier_is_refused(verifier: str | None) -> None:
    with pytest.raises(InvalidGrant):
        check_code_verifier(verifier, CHALLENGE)
