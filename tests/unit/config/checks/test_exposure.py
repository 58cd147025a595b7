"""Plain http where others can listen."""

import pytest

from gateway.config.reading.problems import path_text
from tests.unit.config.samples import FULL, SHORT, messages, review

ISSUER = 'issuer: "https://idp.example.com"'


@pytest.mark.requirement("56")
@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:8080", "127.8.8.8", "[::1]:8080"])
def test_plain_http_is_fine_on_this_machine(host: str) -> None:
    assert messages(SHORT.replace("https://mcp.example.com", f"http://{host}")) == []


@pytest.mark.parametrize("host", ["10.0.0.1", "localhost.example.com", "[2001:db8::1]"])
def test_plain_http_elsewhere_must_be_asked_for_by_an_insecure_name(host: str) -> None:
    text = SHORT.replace("https://mcp.example.com", f"http://{host}")

    assert "insecure_http_public_url: true" in messages(text)[0]
    assert messages(text + "insecure_http_public_url: true\n") == []


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ("", "issuer"),
        ("discovery_url: 'http://idp.example/doc'", "discovery_url"),
        ("jwks: {url: 'http://idp.example/keys'}", "jwks.url"),
    ],
)
def test_every_url_of_an_issuer_is_looked_at(more: str, path: str) -> None:
    issuer = f"{ISSUER}, {more}" if more else ISSUER.replace("https", "http")
    text = FULL.replace(ISSUER, issuer)

    (problem,) = review(text).problems

    assert path_text(problem.path) == f"issuers.default.{path}"
    assert messages(text.replace(issuer, f"{issuer}, insecure_http: true")) == []


def test_the_public_url_of_one_server_is_looked_at() -> None:
    text = FULL.replace("allow: any", "allow: any, public_url: 'http://files.example'")

    (problem,) = review(text).problems

    assert path_text(problem.path) == "servers.mcp.public_url"


def test_the_upstream_may_be_plain_http_anywhere() -> None:
    """It stands in the same pod or cluster, and never sees the token."""
    assert messages(SHORT.replace("127.0.0.1:9000", "mcp.default.svc")) == []
