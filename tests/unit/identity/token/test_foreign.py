"""Which tokens must not be shown to an issuer."""

import json

import pytest

from gateway.config.issuer import Issuer
from gateway.identity.api_keys.api_key import RANDOM_BYTES, make_key
from gateway.identity.token.foreign import is_for_another_issuer
from gateway.identity.token.token_issuers import TokenIssuers
from tests.support.token_signer import b64url, compact

ISSUER = "https://idp.example"


def _judge(token: str, *, jwt: bool) -> bool:
    issuer = Issuer(issuer=ISSUER, jwt=jwt)
    return is_for_another_issuer(token, issuer, TokenIssuers(issuer))


def _jwt(payload: bytes) -> str:
    return compact(b'{"alg":"RS256"}', payload)


def test_an_opaque_token_names_nobody() -> None:
    assert not _judge("opaque", jwt=True)
    assert not _judge("opaque", jwt=False)


@pytest.mark.requirement("24")
@pytest.mark.parametrize(
    ("payload", "foreign"),
    [
        (b'{"iss":"https://idp.example"}', False),
        (b'{"iss":"https://other.example"}', True),
        (b'{"iss":null}', True),
        (b"{}", False),
        (b"not json", True),
        (b'{"a":' + b"[" * 500 + b"]" * 500 + b"}", True),
    ],
)
def test_a_jwt_may_name_somebody_else(payload: bytes, foreign: bool) -> None:
    assert _judge(_jwt(payload), jwt=False) is foreign


@pytest.mark.requirement("A14", "109")
@pytest.mark.parametrize("header", [{"alg": "none", "x": 1}, {"alg": "NONE"}, {"alg": 1}, {}])
def test_a_jwt_that_nobody_signed_is_no_issuers(header: dict[str, object]) -> None:
    unsigned = ".".join((b64url(json.dumps(header).encode()), "e30", ""))
    signed = ".".join((b64url(json.dumps(header).encode()), "e30", "c2ln"))

    assert _judge(unsigned, jwt=False)
    assert _judge(signed, jwt=False)


@pytest.mark.requirement("A14")
def test_a_jwt_without_a_signature_is_no_issuers() -> None:
    assert _judge(".".join((b64url(b'{"alg":"RS256"}'), "e30", "")), jwt=False)


@pytest.mark.requirement("24", "A14")
def test_a_jwt_of_another_tenant_is_not_this_issuers() -> None:
    url = "https://idp.example/{tenantid}"
    issuer = Issuer(issuer=url, jwt=False, tenants=("t1", "t2"))
    token = _jwt(b'{"iss":"https://idp.example/t1","tid":"t2"}')

    assert is_for_another_issuer(token, issuer, TokenIssuers(issuer))


def test_an_opaque_token_may_look_like_a_jwt() -> None:
    """Signed cookies of web frameworks do: a payload, a time and a signature."""
    assert not _judge(b64url(b'{"user":1}') + ".aRYbLw.c2ln", jwt=False)
    assert not _judge("eyJ.not.json", jwt=False)


@pytest.mark.requirement("A14")
def test_an_api_key_is_the_gateways_own_business() -> None:
    assert _judge(make_key(b"x" * RANDOM_BYTES), jwt=False)


def test_a_jwt_is_verified_with_keys_where_there_are_keys() -> None:
    assert _judge(_jwt(b"{}"), jwt=True)
