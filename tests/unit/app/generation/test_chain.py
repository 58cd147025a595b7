"""The verifiers of one server, and what names the checks that they make."""

import pytest

from gateway.app.generation.chain import checks_of
from gateway.config.model import Config
from tests.unit.config.samples import review

TEXT = """\
public_url: https://mcp.example.com
issuers:
  corp: {{issuer: "https://idp.example.com", {issuer}}}
{keys}
servers:
  mcp: {{upstream: "http://127.0.0.1:9/mcp", allow: any, {server}}}
"""
KEYS = "api_keys: {file: keys.yaml}"


def configured(issuer: str = "", server: str = "", keys: str = "") -> Config:
    found = review(TEXT.format(issuer=issuer, server=server, keys=keys))
    assert found.config is not None, found.problems
    return found.config


def checks(config: Config, name: str = "mcp", of: str = "mcp") -> str:
    return checks_of(config, name, config.servers[of])


@pytest.mark.requirement("J13")
@pytest.mark.parametrize(
    "changed",
    [
        configured(issuer="clock_skew: 1s"),
        configured(issuer="required_claims: [iss, exp, aud, sub, jti]"),
        configured(issuer="callers: [{when: {sub: [x]}, subject: y}]"),
        configured(server="auth: {audiences: ['https://other.example.com']}"),
        configured(server="path: /other"),
        configured(keys=KEYS),
    ],
)
def test_what_a_token_has_to_be_names_the_chain(changed: Config) -> None:
    assert checks(changed) != checks(configured())


@pytest.mark.parametrize(
    "changed",
    [
        configured(server="limits: {concurrent: 3}"),
        configured(server="rules: [{tools: [a], allow: any}]"),
        configured(server="timeouts: {connect: 1s}"),
    ],
)
def test_what_no_verifier_looks_at_does_not(changed: Config) -> None:
    assert checks(changed) == checks(configured())


def test_a_servers_name_counts_where_keys_are_for_servers_by_name() -> None:
    assert checks(configured(), name="other") == checks(configured())
    assert checks(configured(keys=KEYS), name="other") != checks(configured(keys=KEYS))


def test_no_secret_stands_in_the_text() -> None:
    asked = (
        'introspection: {client_id: gw, client_secret: "s3cr3t", url: "https://idp.example.com/x"}'
    )

    assert "s3cr3t" not in checks(configured(issuer=asked))
