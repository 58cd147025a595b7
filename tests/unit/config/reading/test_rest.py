"""What is judged although something else is wrong."""

import pytest

from gateway.config.reading.problems import path_text
from tests.unit.config.samples import FULL, SHORT, review


def told(text: str) -> dict[str, str]:
    """The first words about each path."""
    return {path_text(each.path): each.message for each in reversed(review(text).problems)}


@pytest.mark.requirement("U6")
def test_mistakes_of_every_kind_come_in_one_go() -> None:
    """An unset variable, a key, a value, a missing file, settings that cancel each other."""
    text = """\
public_url: https://mcp.example.com/mcp
listen: [a]
default_server: filez
trusted_proxies: ["${env:PROXY}"]
issuers:
  corp: {issuer: "https://idp.example.com", clock_skew: 10m, tenant: [a], jwt: false}
  other: {issuer: "http://idp.example.org", required_claims: [exp]}
servers:
  files:
    upstream: {url: "http://127.0.0.1:9000/mcp", client_key_file: key.pem, max_wait: 5}
    auth: {issuers: [corp, othr]}
    rules: [{tools: [a], alow: any}, {cel: "true", allow: any}]
    allowed_origins: [https://app.example.com/]
"""

    found = told(text)

    assert sorted(found) == [
        "default_server",
        "issuers.corp.clock_skew",
        "issuers.corp.jwt",
        "issuers.corp.tenant",
        "issuers.other.issuer",
        "issuers.other.required_claims",
        "listen",
        "servers.files.allowed_origins",
        "servers.files.auth.issuers",
        "servers.files.rules[0].alow",
        "servers.files.rules[1]",
        "servers.files.upstream.client_key_file",
        "servers.files.upstream.max_wait",
        "trusted_proxies[0]",
    ]


@pytest.mark.requirement("U6")
@pytest.mark.parametrize(
    "text",
    [
        FULL.replace('"http://127.0.0.1:9000/mcp"', "{url: 5}"),
        "public_url: 1\nissuers: 2\nservers: 3\n",
        "public_url: 1\nissuers: {a: 2}\nservers: {b: 3}\ndefault_server: b\n",
        FULL.replace("mcp:", "MCP:") + "default_server: MCP\n",
        FULL.replace('{issuer: "https://idp.example.com"}', "{}"),
        FULL.replace("allow: any", "rules: [{tools: [a]}, 5]"),
        SHORT.replace("any", "[a]"),
    ],
)
def test_no_mistake_follows_from_another(text: str) -> None:
    """Every message is about a value that is wrong or missing in the file itself."""
    messages = [each.message for each in review(text).problems]

    assert messages
    assert not [each for each in messages if "nothing is named" in each or "at least one" in each]


@pytest.mark.requirement("U6")
@pytest.mark.parametrize(
    ("issuer", "path"),
    [
        ("jwt: false, introspection: {client_id: 5}", "introspection.client_id"),
        ("required_claims: [iss, exp, sub], audience_claim: 5", "audience_claim"),
    ],
)
def test_settings_that_depend_on_a_wrong_one_are_not_complained_about(
    issuer: str, path: str
) -> None:
    found = review(FULL.replace("issuer: ", f"{issuer}, issuer: ")).problems

    assert [path_text(each.path) for each in found] == [f"issuers.default.{path}"]
