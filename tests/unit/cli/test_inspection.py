import json
import time
from pathlib import Path

import pytest

from gateway.cli.inspection import inspect_token
from gateway.config.model import Config, Revocations, Server, Store
from gateway.config.reading.complete import complete
from gateway.store.store import open_store
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
        "allow": "any",
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
        "header", "claims", "checks", "caller", "verdict", "status", "why", "setting", "not_known",
    }  # fmt: skip
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
    assert (report["verdict"], report["setting"]) == ("accepted", None)
    assert "s3cret-token" not in str(report)


def _checks(report: dict[str, object]) -> list[dict[str, str]]:
    checks = report["checks"]
    assert isinstance(checks, list)
    return checks


def changed(config: Config, **settings: object) -> Config:
    server = config.servers["one"]
    return config.model_copy(
        update={"servers": {"one": Server.model_validate(server.model_dump() | settings)}}
    )


@pytest.mark.requirement("U4")
@pytest.mark.parametrize(
    ("settings", "verdict", "status", "setting"),
    [
        ({"auth": {"issuers": ["corp"], "scopes": ["mcp:x"]}}, "scope_missing", 403, "scopes"),
        ({"allow": {"groups": ["ops"]}}, "group_missing", 403, "allow.groups"),
        ({"allow": {"subjects": ["bob"]}}, "subject_not_allowed", 403, "allow.subjects"),
        ({"allow": None}, "nobody_allowed", 403, "allow"),
        (
            {"auth": {"issuers": ["corp"], "dpop": {"mode": "required"}}},
            "dpop_proof",
            401,
            "dpop.mode",
        ),
        ({"resource": "https://other.example"}, "wrong_audience", 401, "audiences"),
    ],
)
async def test_a_token_that_the_gateway_refuses_is_not_accepted(
    config: Config,
    signer: TokenSigner,
    settings: dict[str, object],
    verdict: str,
    status: int,
    setting: str,
) -> None:
    config = changed(config, **settings)
    token = signer.token(RESOURCE)

    report = await inspect_token(config, config.servers["one"], token, time.time())

    assert (report["verdict"], report["status"]) == (verdict, status)
    assert setting in str(report["setting"])


@pytest.mark.requirement("U4")
@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        ("revocations: [{subject: ada}]", "revoked"),
        ("revocations: [{subject: bob}]", "accepted"),
        (None, "idp_unavailable"),
    ],
)
async def test_the_file_of_revocations_counts(
    config: Config, signer: TokenSigner, tmp_path: Path, content: str | None, verdict: str
) -> None:
    file = tmp_path / "revoked.yaml"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    config = config.model_copy(update={"revocations": Revocations(file=file)})

    assert await _verdict(config, signer.token(RESOURCE, sub="ada")) == verdict


@pytest.mark.requirement("U4")
async def test_revocations_of_the_store_count_and_nothing_is_made_by_looking(
    config: Config, signer: TokenSigner, tmp_path: Path
) -> None:
    config = config.model_copy(update={"state_dir": tmp_path / "state"})
    token = signer.token(RESOURCE, sub="ada")
    assert await _verdict(config, token) == "accepted"
    assert not (tmp_path / "state").exists()
    store = open_store(config.store, config.state_dir)
    value = json.dumps({"subject": "ada"}).encode()
    await store.add("revocation", "1", value, None)
    await store.aclose()

    assert await _verdict(config, token) == "revoked"


@pytest.mark.requirement("U4")
async def test_what_only_the_running_gateway_knows_is_said(
    config: Config, signer: TokenSigner
) -> None:
    config = config.model_copy(update={"store": Store(url="memory:")})

    report = await inspect_token(config, config.servers["one"], signer.token(RESOURCE), time.time())

    assert report["verdict"] == "accepted"
    assert "in memory" in str(report["not_known"])


@pytest.mark.requirement("B9", "U4")
async def test_a_token_that_is_too_long_is_told_so_as_the_gateway_does(config: Config) -> None:
    report = await inspect_token(config, config.servers["one"], "a" * 17_000, time.time())

    assert (report["verdict"], report["status"]) == ("token_too_long", 401)
    assert report["why"] == "The access token is longer than 16384 characters."
