import time

import pytest

from gateway.cli.inspection import inspect_token
from gateway.config.complete import complete
from gateway.config.model import Config
from tests.support.issuer_service import IssuerService, Scene
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
    assert set(report) == {
        "header", "claims", "checks", "caller", "admitted", "verdict", "why",
    }  # fmt: skip
    assert report["admitted"] == "nobody_allowed"
    assert report["checks"] == [{"source": "corp", "scheme": "jwt", "said": "accepted"}]


async def test_each_verifier_that_was_asked_is_listed(signer: TokenSigner) -> None:
    async with IssuerService() as service:
        service.scenes["/introspect"] = Scene({"active": False})
        service.scenes["/user"] = Scene({"sub": "ada", "groups": ["dev"]})
        user = {"url": f"{service.url}/user", "insecure_accept_any_audience": True}
        asked = {"url": f"{service.url}/introspect", "client_id": "gw", "client_secret": "s"}
        config = complete(
            Config.model_validate(
                {
                    "public_url": "http://127.0.0.1:8080",
                    "issuers": {
                        "corp": {"issuer": signer.issuer, "introspection": asked},
                        "home": {"issuer": service.url, "jwt": False, "userinfo": user},
                    },
                    "servers": {"one": {"upstream": "http://127.0.0.1:9/mcp", "allow": "any"}},
                }
            )
        )
        report = await inspect_token(config, config.servers["one"], "s3cret-token", time.time())

    assert [each["said"] for each in _checks(report)] == ["not mine", "not mine", "accepted"]
    assert (report["verdict"], report["admitted"]) == ("accepted", "yes")
    assert "s3cret-token" not in str(report)


def _checks(report: dict[str, object]) -> list[dict[str, str]]:
    checks = report["checks"]
    assert isinstance(checks, list)
    return checks
