"""Which tokens must not be shown to an issuer."""

import pytest

from gateway.config.issuer import Issuer
from gateway.identity.foreign import is_for_another_issuer
from gateway.identity.token_issuers import TokenIssuers
from tests.support.token_signer import compact

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
        (b"not json", False),
    ],
)
def test_a_jwt_may_name_somebody_else(payload: bytes, foreign: bool) -> None:
    assert _judge(_jwt(payload), jwt=False) is foreign


def test_a_jwt_is_verified_with_keys_where_there_are_keys() -> None:
    assert _judge(_jwt(b"{}"), jwt=True)
