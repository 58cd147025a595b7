import pytest

from gateway.oauth.errors import InvalidRedirectUri
from gateway.oauth.redirect_uri import (
    add_to_query,
    check_redirect_uri,
    is_loopback_redirect,
    match_redirect_uri,
    redirect_place,
)


@pytest.mark.parametrize(
    "uri",
    [
        "https://claude.ai/api/mcp/auth_callback",
        "https://host.example:8443/a?b=c",
        "http://localhost/callback",
        "http://localhost:3000/oauth/callback",
        "http://127.0.0.1:33418/",
        "http://127.0.0.1:1",
        "http://[::1]:9/cb",
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "com.example.app:/callback",
        "https://vscode.dev/redirect",
    ],
)
def test_redirect_uris_of_real_clients_can_be_registered(uri: str) -> None:
    check_redirect_uri(uri)


@pytest.mark.requirement("56", "145", "F5")
@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/callback",
        "callback",
        "https://",
        "https:///callback",
        "http://host.example/callback",
        "http://localhost.evil/callback",
        "http://127.0.0.1.evil/callback",
        "http://127.0.0.2/callback",
        "http://2130706433/callback",
        "http://0x7f000001/callback",
        "http://127.1/callback",
        "http://[::ffff:127.0.0.1]/callback",
        "http://0.0.0.0/callback",
        "https://good@evil.example/callback",
        "http://localhost@evil.example/callback",
        "http://user:pw@localhost/callback",
        "https://host.example/callback#fragment",
        "https://host.example/callback#",
        "https://*.example/callback",
        "https://host.example/*",
        "https://host.example/a/../b",
        "https://host.example/a/%2E%2e/b",
        "https://host.example:0/",
        "https://host.example:99999/",
        "https://host.example\\@evil.example/",
        "https://host.example/a b",
        "https://host.example/\r\nx",
        "https://hö.example/",
        "javascript:alert(1)",
        "javascript://localhost/%0aalert(1)",
        "JavaScript://localhost/%0aalert(1)",
        "data:text/html,x",
        "data://x/y",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://x/y",
        "view-source:https://x",
        "ftp://host.example/",
        "intent://x/#Intent;end",
        "mailto:a@b.example",
        "cursor:relative",
        "urn:ietf:wg:oauth:2.0:oob",
        "c://x",
        "cursor://user@host/",
        "https://[::1/",
        "https://host.example/" + "x" * 2000,
        "https://claude.ai." + "a." * 120 + "evil.example/",
        "jscript:/x",
        "mhtml://x",
        "search-ms:/x",
        "search:/query",
        "shell:/startup",
        "powershell:/x",
        "ms-word://ofe/u/x",
        "MS-Officecmd:/x",
        "ms-settings:/x",
        "x-apple.systempreferences:/x",
        "chrome-search://x",
        "https://host.example/cb?code=of-the-attacker",
        "https://host.example/cb?x=1&state=",
        "https://host.example/cb?i%73s=https://other.example",
        "http://localhost/cb?error=x",
        "cursor://a/cb?state=x",
    ],
)
def test_every_other_redirect_uri_is_refused(uri: str) -> None:
    with pytest.raises(InvalidRedirectUri):
        check_redirect_uri(uri)


@pytest.mark.requirement("50", "60", "125", "126", "F5")
@pytest.mark.parametrize(
    ("registered", "requested"),
    [
        ("https://host.example/cb?x=1", "https://host.example/cb?x=1"),
        ("cursor://a/b", "cursor://a/b"),
        ("http://localhost/callback", "http://localhost:5123/callback"),
        ("http://localhost:3000/callback", "http://localhost:5123/callback"),
        ("http://127.0.0.1:3000/callback", "http://127.0.0.1/callback"),
        ("http://[::1]/cb", "http://[::1]:8080/cb"),
        ("http://127.0.0.1/cb?x=1", "http://127.0.0.1:1/cb?x=1"),
    ],
)
def test_the_same_text_matches_and_on_loopback_any_port(registered: str, requested: str) -> None:
    assert match_redirect_uri(requested, [registered])


@pytest.mark.requirement("50", "125", "126", "F5")
@pytest.mark.parametrize(
    ("registered", "requested"),
    [
        ("https://host.example/cb", "https://host.example:443/cb"),
        ("https://host.example/cb", "https://host.example:8443/cb"),
        ("https://host.example/cb", "https://HOST.example/cb"),
        ("https://host.example/cb", "https://host.example/cb/"),
        ("https://host.example/cb", "https://host.example/cb/../evil"),
        ("https://host.example/cb", "https://host.example/cb?x=1"),
        ("https://host.example/cb", "https://host.example/CB"),
        ("https://host.example/cb", "https://host.example@evil.example/cb"),
        ("https://host.example/cb", "https://host.example.evil.example/cb"),
        ("https://host.example/cb", "http://host.example/cb"),
        ("http://localhost/cb", "http://127.0.0.1:1/cb"),
        ("http://localhost/cb", "http://localhost:1/cb/x"),
        ("http://localhost/cb", "http://localhost:1/cb#x"),
        ("http://localhost/cb", "http://localhost:1@evil.example/cb"),
        ("http://localhost/cb", "http://localhost:x/cb"),
        ("http://localhost/cb", "http://localhost:/cb"),
        ("http://localhost/cb", "http://localhost:99999/cb"),
        ("http://localhost/cb", "http://LOCALHOST:1/cb"),
        ("http://localhost/cb", "HTTP://localhost:1/cb"),
        ("http://localhost/cb", "https://localhost:1/cb"),
        ("http://localhost/cb", "http://localhost.evil:1/cb"),
        ("http://localhost/cb", "http://localhost:1/cb\r\n"),
        ("http://127.0.0.1/cb", "http://2130706433:1/cb"),
        ("http://localhost/cb", "http://[::1/cb"),
        ("http://host.example/cb", "http://host.example:1/cb"),
    ],
)
def test_nothing_else_matches(registered: str, requested: str) -> None:
    assert not match_redirect_uri(requested, [registered])


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://host.example/cb", "https://host.example/cb?code=a+b&iss=i"),
        ("http://localhost:1", "http://localhost:1?code=a+b&iss=i"),
        ("https://host.example/cb?x=1", "https://host.example/cb?x=1&code=a+b&iss=i"),
        ("cursor://a/b", "cursor://a/b?code=a+b&iss=i"),
        ("com.example.app:///cb", "com.example.app:///cb?code=a+b&iss=i"),
        ("HTTP://localhost/cb?", "HTTP://localhost/cb?code=a+b&iss=i"),
    ],
)
def test_parameters_are_added_to_the_query_that_is_there(uri: str, expected: str) -> None:
    """RFC 6749 §4.1.2."""
    assert add_to_query(uri, [("code", "a b"), ("state", None), ("iss", "i")]) == expected


def test_people_see_the_host_or_the_scheme_of_an_application() -> None:
    assert redirect_place("https://host.example:8443/x") == "host.example:8443"
    assert redirect_place("cursor://a/b") == "cursor://a"
    assert is_loopback_redirect("http://127.0.0.1:1/x")
    assert not is_loopback_redirect("https://host.example/x")
    assert not is_loopback_redirect("cursor://localhost/x")
