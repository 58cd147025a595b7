"""Whether a token was signed by its issuer."""

import pytest

from gateway.errors import InvalidToken
from gateway.identity.keys.signature import check_signature
from gateway.identity.keys.sources import IssuerSources
from gateway.identity.token.access_token import Expectations
from gateway.identity.token.compact import parse_compact
from tests.support.token_signer import RSA_KID, TokenSigner, rsa_key
from tests.unit.identity.conftest import RESOURCE

EXPECTED = Expectations(frozenset({RESOURCE}), frozenset({"ES256", "RS256"}), frozenset({"at+jwt"}))


async def reason(sources: IssuerSources, token: str) -> str:
    """`ok`, or why the token is refused."""
    try:
        await check_signature(parse_compact(token), EXPECTED, sources.keys)
    except InvalidToken as error:
        return error.reason
    return "ok"


async def test_the_issuers_own_key_vouches_and_is_named(
    sources: IssuerSources, signer: TokenSigner
) -> None:
    token = parse_compact(signer.token(RESOURCE))

    thumbprint = await check_signature(token, EXPECTED, sources.keys)

    assert sources.keys.keys is not None
    assert thumbprint in {key.thumbprint for key in sources.keys.keys.keys}


@pytest.mark.requirement("J1")
async def test_another_key_of_the_same_name_does_not(
    sources: IssuerSources, signer: TokenSigner
) -> None:
    token = signer.token(RESOURCE, key=rsa_key("another"))

    assert await reason(sources, token) == "bad_signature"


async def test_what_was_changed_after_signing_is_refused(
    sources: IssuerSources, signer: TokenSigner
) -> None:
    header, _, signature = signer.token(RESOURCE).split(".")
    other = signer.token(RESOURCE, sub="eve").split(".")[1]

    assert await reason(sources, f"{header}.{other}.{signature}") == "bad_signature"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"alg": "none"}, "bad_algorithm"),
        ({"alg": "HS256", "kid": RSA_KID}, "bad_algorithm"),
        ({"typ": "logout+jwt"}, "wrong_type"),
        ({"kid": "no-such-key"}, "unknown_key"),
    ],
)
async def test_the_header_is_judged_before_any_key(
    sources: IssuerSources, signer: TokenSigner, header: dict[str, object], expected: str
) -> None:
    token = signer.token(RESOURCE, header=header, key=None)

    assert await reason(sources, token) == expected
