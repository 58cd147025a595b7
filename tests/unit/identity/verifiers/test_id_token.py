"""OIDC Core §3.1.3.7, point by point."""

import json
from collections.abc import AsyncIterator, Mapping

import pytest

from gateway.config.issuer import Issuer
from gateway.errors import InvalidToken
from gateway.identity.keys.sources import IdentityServices, build_sources
from gateway.identity.provider.fetch import Fetcher
from gateway.identity.verifiers.id_token import IdTokenVerifier
from gateway.resilience.single_flight import SingleFlight
from tests.support.issuer_service import IssuerService, Scene
from tests.support.token_signer import RSA_KID, compact, rsa_jwk, rsa_key

NOW = 1_800_000_000.0
CLIENT_ID = "gateway"
HEADER: dict[str, object] = {"alg": "RS256", "kid": RSA_KID}


@pytest.fixture
async def service() -> AsyncIterator[IssuerService]:
    async with IssuerService() as running:
        running.scenes["/jwks"] = Scene({"keys": [rsa_jwk(rsa_key(), RSA_KID)]})
        yield running


@pytest.fixture
async def verifier(service: IssuerService, flights: SingleFlight) -> AsyncIterator[IdTokenVerifier]:
    issuer = Issuer.model_validate(
        {
            "issuer": service.url,
            "jwks": {"url": f"{service.url}/jwks"},
            "token_types": ["", "JWT"],
        }
    )
    async with Fetcher() as fetcher:
        sources = build_sources("idp", issuer, fetcher, IdentityServices(flights))
        yield IdTokenVerifier(issuer, CLIENT_ID, sources.keys)


def id_token(
    service: IssuerService,
    claims: Mapping[str, object] | None = None,
    header: Mapping[str, object] | None = None,
) -> str:
    known: dict[str, object] = {
        "iss": service.url, "sub": "ada", "aud": CLIENT_ID, "exp": NOW + 60, "iat": NOW,
        "nonce": "n",
    }  # fmt: skip
    said = {
        name: value for name, value in (known | dict(claims or {})).items() if value is not None
    }
    return compact(json.dumps(HEADER | dict(header or {})).encode(), json.dumps(said).encode())


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": [CLIENT_ID]},
        {"aud": [CLIENT_ID, "other"], "azp": CLIENT_ID},
        {"at_hash": "x", "auth_time": 1},
    ],
)
async def test_good_id_token_is_read(
    service: IssuerService, verifier: IdTokenVerifier, claims: dict[str, object]
) -> None:
    said = await verifier.verify(id_token(service, claims), "n", NOW)

    assert said["sub"] == "ada"


@pytest.mark.requirement("F7", "F16")
@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "https://evil.example"}, "wrong_issuer"),
        ({"iss": None}, "wrong_issuer"),
        ({"aud": "other"}, "wrong_audience"),
        ({"aud": ["other"]}, "wrong_audience"),
        ({"aud": [CLIENT_ID, "other"]}, "wrong_audience"),
        ({"azp": "other"}, "wrong_audience"),
        ({"exp": NOW - 61}, "expired"),
        ({"exp": None}, "missing_claim"),
        ({"iat": None}, "missing_claim"),
        ({"iat": NOW + 3600}, "not_yet_valid"),
        ({"sub": None}, "missing_claim"),
        ({"nonce": "m"}, "claim_not_accepted"),
        ({"nonce": None}, "claim_not_accepted"),
        ({"nonce": ["n"]}, "claim_not_accepted"),
        ({"events": {}}, "wrong_type"),
    ],
)
async def test_id_token_of_another_login_is_refused(
    service: IssuerService, verifier: IdTokenVerifier, claims: dict[str, object], reason: str
) -> None:
    with pytest.raises(InvalidToken) as caught:
        await verifier.verify(id_token(service, claims), "n", NOW)

    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"alg": "none"}, "bad_algorithm"),
        ({"alg": "HS256"}, "bad_algorithm"),
        ({"typ": "at+jwt"}, "wrong_type"),
        ({"typ": "logout+jwt"}, "wrong_type"),
        ({"kid": "other"}, "unknown_key"),
    ],
)
async def test_id_token_with_another_header_is_refused(
    service: IssuerService, verifier: IdTokenVerifier, header: dict[str, object], reason: str
) -> None:
    with pytest.raises(InvalidToken) as caught:
        await verifier.verify(id_token(service, None, header), "n", NOW)

    assert caught.value.reason == reason


async def test_signature_of_somebody_else_is_refused(
    service: IssuerService, verifier: IdTokenVerifier
) -> None:
    service.scenes["/jwks"] = Scene({"keys": [rsa_jwk(rsa_key("another"), RSA_KID)]})

    with pytest.raises(InvalidToken) as caught:
        await verifier.verify(id_token(service), "n", NOW)

    assert caught.value.reason == "bad_signature"


async def test_without_a_nonce_in_the_request_none_is_needed(
    service: IssuerService, verifier: IdTokenVerifier
) -> None:
    """OIDC Core §12.2: an ID token of a refresh has none."""
    assert await verifier.verify(id_token(service, {"nonce": None}), None, NOW)
