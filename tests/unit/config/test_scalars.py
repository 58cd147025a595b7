"""The small values of a configuration."""

import pytest

from gateway.config.scalars import (
    HostPort,
    check_host,
    check_issuer_url,
    check_public_url,
    check_server_path,
    check_service_url,
    check_store_url,
    check_upstream_url,
    parse_duration,
    parse_host_port,
    parse_key,
    parse_network,
    parse_size,
)


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("30s", 30), ("1.5m", 90), ("24h", 86400), ("1d", 86400)]
)
def test_a_duration_has_a_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("value", [30, 1.5, "30", "", "30 s", "1w", None, True])
def test_a_duration_without_a_unit_is_told_what_to_write(value: object) -> None:
    with pytest.raises(ValueError, match='such as "30s"'):
        parse_duration(value)


@pytest.mark.parametrize(
    ("text", "size"), [("4MiB", 4 * 2**20), ("64KB", 64000), (10, 10), ("7", 7)]
)
def test_a_size_is_bytes(text: object, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("value", ["4 MiB", "-1", "1.5GB", True, "big"])
def test_other_sizes_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="4MiB"):
        parse_size(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:8080", HostPort("127.0.0.1", 8080)),
        ("[::1]:80", HostPort("::1", 80)),
        (":0", HostPort("", 0)),
    ],
)
def test_an_address_is_split(text: str, expected: HostPort) -> None:
    assert parse_host_port(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "8080",
        "a",
        "a:",
        "a:x",
        "a:70000",
        "::1:80",
        "[]:80",
        "[::1:80",
        "[a]:80",
        "a b:80",
        "a/b:80",
        "a:\uff18\uff10",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected an address"):
        parse_host_port(text)


def test_a_network_may_be_one_address() -> None:
    assert str(parse_network("10.0.0.1")) == "10.0.0.1/32"
    with pytest.raises(ValueError, match="expected a network"):
        parse_network("10.0.0.1/8")


@pytest.mark.parametrize("url", ["https://a.example", "http://127.0.0.1:8080", "https://a/x"])
def test_a_public_url_is_kept_as_written(url: str) -> None:
    assert check_public_url(url) == url


@pytest.mark.requirement("18")
def test_the_case_of_a_public_url_counts_in_its_path_alone() -> None:
    """MCP authorization, canonical server URI: it becomes the resource that tokens are for."""
    assert check_public_url("HTTPS://MCP.Example/Team") == "https://mcp.example/Team"


@pytest.mark.parametrize(
    "url",
    [
        "a.example",
        "https://a/",
        "https://a?x",
        "https://a#x",
        "https://u@a",
        "ftp://a",
        "https://a/../b",
        "https://a:x",
        "https://",
        "https://a\nb",
        "https://a\tb",
        "https://a b",
        "https://m\u00e9.example",
        "https://a:0",
    ],
)
def test_other_public_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"public URL|expected a URL"):
        check_public_url(url)


@pytest.mark.requirement("85")
def test_an_issuer_may_end_with_a_slash_but_has_no_query() -> None:
    assert check_issuer_url("https://idp.example/") == "https://idp.example/"
    with pytest.raises(ValueError, match=r"idp\.example\.com"):
        check_issuer_url("https://idp.example/?a")


@pytest.mark.parametrize(
    "url",
    [
        "https://idp.example/token",
        "http://127.0.0.1:9000/introspect",
        "https://api.example/user/orgs?per_page=100",
        "https://graph.example/v1.0/objects/{oid}/members",
        "https://login.example/{tid}/token?x={sub}",
    ],
)
def test_the_url_of_a_service_may_have_a_query_and_names_of_claims(url: str) -> None:
    assert check_service_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "idp.example/token",
        "ftp://idp.example",
        "https://",
        "https:///token",
        "https://u:p@idp.example",
        "https://idp.example/#a",
        "https://{host}/token",
        "https://{tid}.idp.example/token",
        "https://idp.example/a b",
        "https://idp.example:x/token",
    ],
)
def test_a_service_is_at_one_host_that_no_claim_chooses(url: str) -> None:
    with pytest.raises(ValueError, match=r"idp\.example\.com/token"):
        check_service_url(url)


@pytest.mark.parametrize(
    "url", ["memory:", "sqlite:", "redis://valkey:6379/0", "rediss://valkey", "redis://user@valkey"]
)
def test_a_store_is_memory_sqlite_or_redis(url: str) -> None:
    assert check_store_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "memory",
        "sqlite:///x.db",
        "redis:",
        "redis://",
        "redis://:hunter2@valkey",
        "redis://user:hunter2@valkey",
        "redis://valkey:x",
        "postgres://db",
    ],
)
def test_other_stores_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        check_store_url(url)


@pytest.mark.parametrize("path", ["mcp", "/mcp/", "/a//b", "/a%2fb", "/a/../b", ""])
def test_odd_server_paths_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        check_server_path(path)


@pytest.mark.parametrize("url", ["http://a/mcp", "https://a", "unix:/x.sock", "unix:/x.sock:/mcp"])
def test_upstreams_are_http_https_or_a_socket(url: str) -> None:
    assert check_upstream_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "a",
        "unix:x",
        "unix:/x:mcp",
        "unix:/x:/m p",
        "ftp://a",
        "http://u:p@a",
        "http://a#b",
        "http://a/m HTTP/1.1",
        "http://a/m\r\nX: y",
    ],
)
def test_other_upstreams_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        check_upstream_url(url)


def test_a_key_is_32_bytes_and_never_repeated() -> None:
    assert parse_key("00" * 32) == bytes(32)
    assert parse_key("A" * 43 + "=") == bytes(32)
    with pytest.raises(ValueError, match="32 random bytes") as refused:
        parse_key("hunter2")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("text", ["mcp.internal", "127.0.0.1:9000", "[::1]:80"])
def test_a_host_is_one_host(text: str) -> None:
    assert check_host(text) == text


@pytest.mark.parametrize("text", ["", "a\r\nX: y", "a b", "a/b", "a,b", "u@a"])
def test_a_host_cannot_become_another_header(text: str) -> None:
    with pytest.raises(ValueError, match="expected a host"):
        check_host(text)


@pytest.mark.requirement("A20")
@pytest.mark.parametrize(
    "query",
    ["password=hunter2", "username=a&password=hunter2", "ssl_cert_reqs=none",
     "ssl_check_hostname=false", "db=1", ""],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_the_store_url_takes_no_settings_of_the_client(scheme: str, query: str) -> None:
    """A password there would be printed, and certificates would be checked no more."""
    with pytest.raises(ValueError, match="has no query") as refused:
        check_store_url(f"{scheme}://valkey:6379/0?{query}")

    assert "hunter2" not in str(refused.value)
