"""Decisions about a token without a gateway that serves."""

import time
from pathlib import Path

import pytest

from gateway.app.judging.judge import judge_principal, judge_token
from gateway.config.load import review_text
from gateway.config.model import Config, Revocations, Store
from gateway.identity.principal import Principal

pytestmark = pytest.mark.requirement("U4")

TEXT = """\
public_url: http://127.0.0.1:8080
upstream: http://127.0.0.1:9/mcp
issuer: local
allow: any
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    found = review_text(TEXT, tmp_path, {}, "config.yaml").config
    assert found is not None
    return found


async def test_what_is_no_token_is_refused_as_the_listener_does(config: Config) -> None:
    judged = await judge_token(config, config.servers["mcp"], "a b", time.time())

    assert judged.principal is None
    assert judged.error is not None


async def test_a_revoked_subject_is_found_without_a_token(config: Config, tmp_path: Path) -> None:
    (tmp_path / "revoked.yaml").write_text("revocations: [{subject: ada}]", encoding="utf-8")
    revoking = config.model_copy(
        update={"revocations": Revocations(file=tmp_path / "revoked.yaml")}
    )
    ada = Principal("https://idp.example.com", "ada", None, frozenset(), issued_at=time.time())

    assert (await judge_principal(config, ada, time.time())).error is None
    judged = await judge_principal(revoking, ada, time.time())
    assert judged.error is not None
    assert judged.error.reason == "revoked"


async def test_a_store_that_cannot_be_read_is_said(config: Config) -> None:
    pytest.importorskip("redis")
    away = config.model_copy(update={"store": Store(url="redis://127.0.0.1:1/0")})
    ada = Principal("https://idp.example.com", "ada", None, frozenset())

    judged = await judge_principal(away, ada, time.time())

    assert judged.error is None
    assert "the store cannot be read from here" in judged.not_known[0]
