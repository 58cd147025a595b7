"""Where servers sit."""

import pytest

from gateway.config.reading.problems import path_text
from tests.unit.config.samples import FULL, SHORT, messages, review


def test_two_servers_cannot_share_a_url() -> None:
    assert "the same URL" in messages(FULL + "  b: {upstream: 'http://b', allow: any}\n")[0]


@pytest.mark.requirement("18")
def test_the_case_of_a_host_makes_no_other_one() -> None:
    url = "HTTPS://MCP.example.com"
    text = f"{FULL}  b: {{path: /b, public_url: '{url}', upstream: 'http://b', allow: any}}\n"

    assert messages(text) == []
    assert "the same URL" in messages(text.replace("path: /b", "path: /mcp"))[0]


@pytest.mark.parametrize("url", ["https://mcp.example.com:443", "http://mcp.example.com"])
def test_one_host_has_one_spelling(url: str) -> None:
    """Requests are told apart by Host: the later server would take the place of the first."""
    text = f"insecure_http_public_url: true\n{FULL}"
    text += f"  b: {{path: /b, public_url: '{url}', upstream: 'http://b', allow: any}}\n"

    (problem,) = review(text).problems

    assert path_text(problem.path) == "servers.b.public_url"
    assert problem.message.startswith("the same host as https://mcp.example.com;")


@pytest.mark.parametrize("url", ["https://mcp.example.com:8443", "https://b.example.com"])
def test_another_host_or_port_is_another_place(url: str) -> None:
    text = f"{FULL}  b: {{public_url: '{url}', upstream: 'http://b', allow: any}}\n"

    assert messages(text) == []


@pytest.mark.parametrize("path", ["/health", "/health/x", "/.well-known/x", "/.well-known"])
def test_the_places_of_the_gateway_are_taken(path: str) -> None:
    (message,) = messages(f"{SHORT}path: {path}\n")

    assert message.endswith("belongs to the gateway itself")


def test_they_are_taken_when_the_public_url_leads_there_too() -> None:
    text = SHORT.replace("mcp.example.com", "mcp.example.com/.well-known")

    assert messages(text) == ["/.well-known belongs to the gateway itself"]


def test_a_longer_name_is_another_place() -> None:
    assert messages(f"{SHORT}path: /healthy\n") == []
