"""What the gateway's own tools say when something is not known."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from gateway.errors import IdentityUnavailable
from gateway.identity.principal import Principal
from gateway.tools import answers
from gateway.tools.facts import Call, Issuer, ServerFacts, Tool

ISSUER = "https://idp.example.com"
NOW = 1_800_000_000.0


async def no_metadata() -> Mapping[str, object]:
    raise IdentityUnavailable("The issuer is away.")


async def no_tools() -> Mapping[str, Tool]:
    raise IdentityUnavailable("The server is away.")


def facts(metadata: Mapping[str, object] | None = None, *, issuers: bool = True) -> ServerFacts:
    async def known() -> Mapping[str, object]:
        return metadata or {}

    issuer = Issuer(ISSUER, no_metadata if metadata is None else known)
    return ServerFacts(
        name="files",
        resource="https://mcp.example.com/mcp",
        resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp",
        scopes=frozenset({"b", "a"}),
        issuers=[issuer] if issuers else [],
        dpop="allowed",
        rules=None,
        roles_of=lambda principal: principal.roles,
        tools=no_tools,
        logins=[issuer] if issuers else [],
    )


def call(**about: object) -> Call:
    principal = Principal(ISSUER, "ada", **about)  # type: ignore[arg-type]
    return Call(principal, "the token", {}, NOW)


async def test_nobody_is_logged_in() -> None:
    told = await answers.status(facts(), Call(None, None, {}, NOW))

    assert (told.authenticated, told.subject, told.expires_at) == (False, None, None)
    assert told.required_scopes == ["a", "b"]


async def test_a_login_page_that_is_not_known_now_is_null() -> None:
    told = await answers.login_url(facts(), Call(None, None, {}, NOW))

    assert told.authorization_server == ISSUER
    assert told.authorization_endpoint is None


async def test_an_issuer_without_a_login_page_says_so() -> None:
    told = await answers.login_url(facts({"issuer": ISSUER}), Call(None, None, {}, NOW))

    assert "no page to log in" in told.how


@pytest.mark.requirement("B3")
async def test_where_no_issuer_has_a_login_that_is_said() -> None:
    told = await answers.login_url(replace(facts(), logins=[]), Call(None, None, {}, NOW))

    assert told.authorization_server is None
    assert "no page to log in" in told.how


async def test_a_server_for_api_keys_only_has_no_login() -> None:
    told = await answers.login_url(facts(issuers=False), Call(None, None, {}, NOW))

    assert told.authorization_server is None
    assert "ask whoever gave it" in told.how


async def test_unknown_groups_and_tools_are_null_and_not_empty() -> None:
    told = await answers.whoami(facts(), call(groups=None))

    assert told.groups is None
    assert told.tools is None


@pytest.mark.parametrize(
    ("expires_at", "when", "remaining"),
    [(NOW + 90.5, "2027-01-15T08:01:30Z", 90), (NOW - 5, "2027-01-15T07:59:55Z", 0)],
)
async def test_an_end_is_told_as_a_date_and_in_seconds(
    expires_at: float, when: str, remaining: int
) -> None:
    told = await answers.token(facts(), call(expires_at=expires_at))

    assert (told.expires_at, told.expires_in_s) == (when, remaining)
    assert told.token is None


@pytest.mark.requirement("A20")
@pytest.mark.parametrize("moment", [2.0**53, -(2.0**53), 253402300800.0, float(10**12)])
async def test_a_moment_that_no_calendar_has_is_no_fault(moment: float) -> None:
    told = await answers.token(facts(), call(expires_at=moment, issued_at=moment))
    status = await answers.status(facts(), call(expires_at=moment))
    refresh = await answers.refresh(facts(), call(expires_at=moment))

    end = "9999-12-31T23:59:59Z" if moment > 0 else "0001-01-01T00:00:00Z"
    assert {told.expires_at, told.issued_at, status.expires_at, refresh.expires_at} == {end}


async def test_a_token_without_an_end_has_none() -> None:
    told = await answers.token(facts(), call())

    assert (told.expires_at, told.expires_in_s) == (None, None)


@pytest.mark.parametrize(
    ("metadata", "supported"),
    [
        (None, None),
        ({"grant_types_supported": ["refresh_token"]}, True),
        ({"grant_types_supported": ["authorization_code"]}, False),
        ({"issuer": ISSUER}, False),  # RFC 8414 §2: the default has none
    ],
)
async def test_whether_an_issuer_refreshes_is_its_own_word(
    metadata: Mapping[str, object] | None, supported: bool | None
) -> None:
    assert (await answers.refresh(facts(metadata), call())).supported is supported


async def test_a_credential_of_no_issuer_is_not_refreshed() -> None:
    told = await answers.refresh(facts(issuers=False), call())

    assert told.supported is False
    assert told.token_endpoint is None
