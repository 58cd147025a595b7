import time

import pytest

from gateway.cli.inspection import inspect_token
from gateway.config.model import Config
from tests.support.token_signer import TokenSigner

RESOURCE = "http://127.0.0.1:8080/mcp"


@pytest.fixture
def config(signer: TokenSigner) -> Config:
    server = {
        "path": "/mcp",
        "resource": RESOURCE,
        "upstream": {"url": "http://127.0.0.1:9000/mcp"},
        "auth": {"issuers": ["corp"]},
    }
    return Config.model_validate(
        {
            "public_url": "http://127.0.0.1:8080",
            "issuers": {"corp": {"issuer": signer.issuer}},
            "servers": {"one": server},
        }
    )


async def _verdict(config: Config, token: str) -> object:
    report = await inspect_token(config, config.servers["one"], token, time.time())
    return report["verdict"]


async def test_token_of_an_issuer_elsewhere_is_checked_with_its_keys(
    config: Config, signer: TokenSigner
) -> None:
    assert await _verdict(config, signer.token(RESOURCE)) == "accepted"
    assert "/jwks" in signer.fetched


async def test_first_check_that_fails_is_named(config: Config, signer: TokenSigner) -> None:
    token = signer.token("https://other.example", exp=1)

    assert await _verdict(config, token) == "wrong_audience"


async def test_unknown_key_is_named(config: Config, signer: TokenSigner) -> None:
    assert await _verdict(config, signer.token(RESOURCE, header={"kid": "x"})) == "unknown_key"


async def test_issuer_that_cannot_be_reached_is_no_verdict_on_the_token(
    config: Config, signer: TokenSigner
) -> None:
    signer.status = 503

    assert await _verdict(config, signer.token(RESOURCE)) == "idp_unavailable"


async def test_issuer_that_is_not_trusted_is_not_asked(config: Config, signer: TokenSigner) -> None:
    token = signer.token(RESOURCE, iss="http://127.0.0.1:9")

    assert await _verdict(config, token) == "wrong_issuer"
    assert signer.fetched == []


async def test_report_holds_no_signature(config: Config, signer: TokenSigner) -> None:
    token = signer.token(RESOURCE)

    report = await inspect_token(config, config.servers["one"], token, time.time())

    assert token.rpartition(".")[2] not in str(report)
    assert set(report) == {"header", "claims", "verdict", "why"}
