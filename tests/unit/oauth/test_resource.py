"""URLs that name a resource, hosts, and paths that only one reading fits."""

import posixpath
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.oauth.resource import (
    canonical_resource,
    is_ambiguous_path,
    is_loopback,
    parse_host,
)


@pytest.mark.requirement("18")
@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTPS://MCP.Example.com/Files", "https://mcp.example.com/Files"),
        ("https://mcp.example.com/", "https://mcp.example.com"),
        ("https://mcp.example.com/a/?q=A", "https://mcp.example.com/a/?q=A"),
    ],
)
def test_only_scheme_host_and_a_lone_slash_are_normalized(url: str, canonical: str) -> None:
    assert canonical_resource(url) == canonical


@pytest.mark.requirement("90", "78")
@pytest.mark.parametrize(
    "url", ["/mcp", "mcp.example.com", "https://a/mcp#x", "https://a/mcp#", ""]
)
def test_a_relative_uri_or_a_fragment_is_no_resource(url: str) -> None:
    """RFC 8707 §2."""
    with pytest.raises(ValueError, match="absolute URI"):
        canonical_resource(url)


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]"]
)
def test_loopback_hosts_are_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["localhost.evil.example", "128.0.0.1", "128.0.0.2", "::", "", "2130706433"]
)
def test_others_are_no_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("value", "parsed"),
    [
        ("MCP.example.com", ("mcp.example.com", None)),
        ("a:8080", ("a", 8080)),
        ("127.0.0.1:1", ("127.0.0.1", 1)),
        ("[::1]:8080", ("[::1]", 8080)),
        ("[0:0::1]", ("[::1]", None)),
    ],
)
def test_a_host_is_split(value: str, parsed: tuple[str, int | None]) -> None:
    assert parse_host(value) == parsed


@pytest.mark.requirement("H8", "162")
@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "a b",
        "a, b",
        "a,b",
        "user@a",
        "a/b",
        "a?b",
        "a#b",
        "a:",
        "a:x",
        "a:99999",
        "a:0",
        "[::1",
        "::1",
        "[zz]",
        "a\x00",
        "-a",
        "http://a",
        "a:80:80",
        "\u00e9",
    ],
)
def test_what_is_not_one_host_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_host(value)


@pytest.mark.parametrize(
    "path", ["/", "/mcp", "/a/b-c_d~e.f/", "/a%20b", "/.well-known/x", "/a/...", "/@v:1"]
)
def test_plain_paths_are_clear(path: str) -> None:
    assert not is_ambiguous_path(path)


@pytest.mark.requirement("P1", "83")
@pytest.mark.parametrize(
    "path",
    [
        "/a/../b",
        "/a/./b",
        "/..",
        "/%2e%2e/a",
        "/a%2fb",
        "/a%5cb",
        "/a\\b",
        "//a",
        "/a//b",
        "/a/..;/b",
        "/a%00",
        "/a%252e",
        "/a%3bb",
        "/a%c0%ae",
        "/a;x",
        "/a b",
        "/a%zz",
        "a",
        "",
        "*",
        "/\u00e9",
        "/a%23",
        "/a\x7f",
    ],
)
def test_a_path_with_two_readings_is_ambiguous(path: str) -> None:
    assert is_ambiguous_path(path)


@pytest.mark.requirement("P1")
@given(st.text(alphabet="/.%2eEfF5cC;ab\\", max_size=12))
def test_a_clear_path_survives_decoding_and_normalizing(tail: str) -> None:
    path = "/" + tail
    if is_ambiguous_path(path):
        return

    decoded = unquote(path)
    assert posixpath.normpath(decoded) == (decoded.rstrip("/") or "/")
    assert decoded.count("/") == path.count("/")
