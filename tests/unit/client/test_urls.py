import pytest

from gateway.client.urls import covers, is_confidential, may_lead_to, parse_server_url


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://MCP.example/mcp", "https://mcp.example/mcp"),
        ("https://mcp.example/", "https://mcp.example"),
        ("https://mcp.example/mcp/", "https://mcp.example/mcp/"),
        ("https://mcp.example/mcp?tenant=a#part", "https://mcp.example/mcp?tenant=a"),
        ("http://localhost:8080/mcp", "http://localhost:8080/mcp"),
        ("http://[::1]:8080/mcp", "http://[::1]:8080/mcp"),
    ],
)
def test_server_is_known_by_one_spelling(typed: str, url: str) -> None:
    assert parse_server_url(typed) == url


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        ("mcp.example/mcp", "such as https://"),
        ("ftp://mcp.example", "such as https://"),
        ("https://", "such as https://"),
        ("https://mcp.example:port/", "such as https://"),
        ("https://ada:secret@mcp.example/", "without a user name"),
        ("http://mcp.example/mcp", "expected https"),
        ("http://127.0.0.1.evil.example/mcp", "expected https"),
    ],
)
def test_what_is_no_server_says_what_to_type(typed: str, advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        parse_server_url(typed)


def test_only_https_and_this_machine_are_confidential() -> None:
    assert is_confidential("https://idp.example/token")
    assert is_confidential("http://127.0.0.1:9/token")
    assert not is_confidential("http://idp.example/token")
    assert not is_confidential("https://ada@idp.example/token")
    assert not is_confidential("file:///etc/passwd")
    assert not is_confidential("https://[bad")


def test_server_elsewhere_leads_to_nothing_that_listens_here() -> None:
    assert may_lead_to("http://127.0.0.1:1/mcp", "http://127.0.0.1:2/token")
    assert may_lead_to("https://mcp.example/mcp", "https://idp.example/token")
    assert not may_lead_to("https://mcp.example/mcp", "http://127.0.0.1:2/token")
    assert not may_lead_to("https://mcp.example/mcp", "javascript:alert(1)")


@pytest.mark.parametrize(
    ("resource", "is_for"),
    [
        ("https://mcp.example/a/mcp", True),
        ("https://MCP.example/a/mcp/", True),
        ("https://mcp.example/a", True),
        ("https://mcp.example", True),
        ("https://mcp.example/a/mcp?tenant=a", False),
        ("https://mcp.example/a/mc", False),
        ("https://mcp.example/b/mcp", False),
        ("https://mcp.example:8443/a/mcp", False),
        ("http://mcp.example/a/mcp", False),
        ("https://evil.example/a/mcp", False),
        ("https://mcp.example/a/mcp#part", False),
        ("a/mcp", False),
    ],
)
def test_resource_stands_for_its_own_server_only(resource: str, is_for: bool) -> None:
    """RFC 9728 §3.3."""
    assert covers(resource, "https://mcp.example/a/mcp") is is_for
