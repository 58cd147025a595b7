"""Whom a refused credential names."""

from base64 import urlsafe_b64encode

import pytest

from gateway.errors import GatewayError
from gateway.identity.principal import Principal
from gateway.identity.reasons import refused
from gateway.identity.token.claimed import MAX_CHARS, claimed_in, claimed_of, vouched
from gateway.refusal_facts import Claimed

pytestmark = pytest.mark.requirement("U11")


def jwt(claims: str) -> str:
    return ".".join(
        urlsafe_b64encode(part.encode()).decode().rstrip("=")
        for part in ('{"alg":"none"}', claims, "")
    )


def test_a_token_that_nobody_verified_is_marked() -> None:
    token = jwt('{"sub":"ada","iss":"https://idp","azp":"cli"}')

    assert claimed_in(token) == Claimed("ada", "https://idp", "cli", verified=False)


@pytest.mark.parametrize(
    "claims", ["{}", '{"sub":1,"iss":[]}', '{"sub":""}', "[]", "{", '{"sub":"a","sub":"b"}']
)
def test_what_names_nobody_clearly_names_nobody(claims: str) -> None:
    assert claimed_in(jwt(claims)) is None


def test_an_opaque_token_names_nobody() -> None:
    assert claimed_in("0paque") is None


def test_a_long_name_is_cut() -> None:
    claimed = claimed_in(jwt('{"sub":"%s"}' % ("x" * 5000)))

    assert claimed is not None
    assert claimed.subject == "x" * MAX_CHARS


def test_an_error_amid_verified_claims_names_their_caller() -> None:
    with pytest.raises(GatewayError) as caught, vouched({"sub": "ada"}, "https://idp"):
        raise refused("expired")

    assert caught.value.claimed == Claimed("ada", "https://idp", None, verified=True)


def test_who_was_named_first_stays_named() -> None:
    error = refused("revoked")
    error.claimed = claimed_of(Principal("https://idp", "ada"))

    with pytest.raises(GatewayError), vouched({"sub": "eve"}):
        raise error

    assert error.claimed.subject == "ada"
