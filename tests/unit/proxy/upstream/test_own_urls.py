import pytest

from gateway.proxy.upstream.own_urls import OwnUrls, origin_of
from gateway.proxy.upstream.target import parse_target

OWN = OwnUrls(parse_target("http://127.0.0.1:9000/mcp?tenant=acme"), "https://mcp.example.com/a")


@pytest.mark.requirement("B1")
@pytest.mark.parametrize(
    ("reference", "target"),
    [
        ("/mcp/", b"/mcp/"),
        ("messages?s=1", b"/messages?s=1"),
        ("http://127.0.0.1:9000/mcp/", b"/mcp/"),
        ("https://127.0.0.1:9000/mcp/?a=b#c", b"/mcp/?a=b"),
        ("https://mcp.example.com/mcp/", b"/mcp/"),
        ("http://MCP.example.com:80", b"/"),
        ("https://mcp.example.com:443/x", b"/x"),
        ("//mcp.example.com/x", b"/x"),
    ],
)
def test_what_an_upstream_makes_of_what_it_was_sent_is_its_own(
    reference: str, target: bytes
) -> None:
    assert OWN.target_of(reference) == target


@pytest.mark.requirement("B1")
@pytest.mark.parametrize(
    "reference",
    [
        "https://other.example/mcp",
        "//other.example/",
        "https://127.0.0.1/",
        "http://127.0.0.1:9001/mcp",
        "http://127.0.0.1:443/mcp",
        "https://ada@127.0.0.1:9000/mcp",
        "http://127.0.0.1:9000@other.example/",
        "http://127.0.0.1:9000\\@other.example/",
        "https://mcp.example.com.other.example/",
        "ftp://127.0.0.1:9000/",
        "javascript:alert(1)",
        "http://[/",
        "/a b",
        "/\x7f",
        "/\xe9",
    ],
)
def test_another_host_and_what_is_no_target_are_not(reference: str) -> None:
    assert OWN.target_of(reference) is None


@pytest.mark.requirement("B1")
def test_the_host_that_an_upstream_is_called_by_is_its_own() -> None:
    own = OwnUrls(parse_target("unix:/run/mcp.sock:/mcp"), "https://gw.example", "mcp.internal")

    assert own.target_of("https://mcp.internal/x") == b"/x"
    assert own.target_of("http://localhost/x") == b"/x"


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("https://ada:secret@other.example:1/p?code=s3cret", "https://other.example:1"),
        ("/p?code=s3cret", "a path"),
        ("http://[", "no URL"),
    ],
)
def test_a_log_is_told_an_origin_only(reference: str, told: str) -> None:
    assert origin_of(reference) == told
