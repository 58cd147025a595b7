import json
from dataclasses import replace

import pytest

from gateway.client.tokens.logins import (
    Login,
    Registration,
    Tokens,
    build_token_file,
    find_login,
    parse_token_file,
    with_login,
    without_login,
)

LOGIN = Login(
    issuer="https://idp.example",
    resource="https://mcp.example/a/mcp",
    server_url="https://mcp.example/a/mcp",
    registration=Registration("client", "s3cret", "client_secret_post"),
    token_endpoint="https://idp.example/token",  # noqa: S106  # not a password
    tokens=Tokens("access", 1000.0, 4600.0, "refresh", ("a", "b")),
    revocation_endpoint="https://idp.example/revoke",
    logged_in_at=1000.0,
)
BARE = replace(
    LOGIN,
    issuer="https://other.example",
    registration=Registration("client"),
    tokens=Tokens("access", 1.0),
    revocation_endpoint=None,
)


def test_what_is_written_is_read() -> None:
    assert parse_token_file(build_token_file([LOGIN, BARE]).encode()) == [LOGIN, BARE]


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"logins": {}},
        {"logins": [{}]},
        {"logins": [{"registration": 1}]},
        {"logins": [{"issuer": 7}]},
        {"logins": [{"logged_in_at": "x"}]},
        {
            "logins": [
                {"registration": {"client_id": "x", "client_secret": None, "method": "magic"}}
            ]
        },
    ],
)
def test_another_file_is_refused(change: dict[str, object]) -> None:
    document = json.loads(build_token_file([LOGIN]))
    logins = change.get("logins")
    if isinstance(logins, list) and logins[0]:
        change = {"logins": [document["logins"][0] | logins[0]]}

    with pytest.raises(ValueError, match=r"not of this version|lacks something"):
        parse_token_file(json.dumps(document | change).encode())


def test_secrets_are_in_no_representation() -> None:
    shown = repr(LOGIN)

    assert not any(secret in shown for secret in ("'access'", "'refresh'", "s3cret"))


@pytest.mark.parametrize(
    ("expires_at", "now", "is_fresh"),
    [
        (None, 1e12, True),
        (4600.0, 4539.0, True),
        (4600.0, 4541.0, False),
        (1010.0, 1007.0, True),  # of a short life, a fifth
        (1010.0, 1009.0, False),
        (0.0, 1.0, False),
    ],
)
def test_token_is_fresh_until_shortly_before_its_end(
    expires_at: float | None, now: float, is_fresh: bool
) -> None:
    assert Tokens("access", 1000.0, expires_at).is_fresh(now) is is_fresh


def test_login_is_kept_by_issuer_and_resource() -> None:
    again = replace(LOGIN, tokens=Tokens("new", 2000.0))

    assert with_login([LOGIN, BARE], again) == [BARE, again]
    assert without_login([LOGIN, BARE], BARE.key) == [LOGIN]


def test_login_is_found_by_the_url_that_was_typed_or_that_it_covers() -> None:
    wide = replace(LOGIN, resource="https://mcp.example", server_url="https://mcp.example")

    assert find_login([wide, LOGIN], "https://mcp.example/a/mcp") is LOGIN
    assert find_login([wide, LOGIN], "https://mcp.example/b/mcp") is wide
    assert find_login([wide, LOGIN], "https://elsewhere.example") is None


def test_last_of_several_logins_counts_unless_its_issuer_is_named() -> None:
    later = replace(BARE, logged_in_at=2000.0)

    assert find_login([LOGIN, later], LOGIN.server_url) is later
    assert find_login([LOGIN, later], LOGIN.server_url, LOGIN.issuer) is LOGIN
