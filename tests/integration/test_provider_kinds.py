"""Two providers of different habits, five configurations, the official client logging in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.support.gateway import running_gateway
from tests.support.identity_provider import (
    GATEWAY_CLIENT,
    OidcProvider,
    Tokens,
    running_django_provider,
    running_oidc_provider,
)
from tests.support.mcp_servers import running_mcp_server
from tests.support.oauth_client import Person, connected_client
from tests.support.ports import reserved_port

CONFIG = """\
listen: 127.0.0.1:{port}
public_url: http://127.0.0.1:{port}
issuers:
  corp: {{issuer: "{issuer}"{more}}}
servers:
  mcp: {{upstream: "{upstream}", allow: any, auth: {{{auth}}}}}
"""
INTROSPECTION = f", introspection: {{{GATEWAY_CLIENT}}}"
USERINFO = ", userinfo: {insecure_accept_any_audience: true}"


async def _identity(tokens: Tokens, more: str, auth: str = "scopes: [mcp:read]") -> dict[str, str]:
    """Log in, call a tool, and return the identity that its server saw."""
    with (
        running_oidc_provider(tokens) as provider,
        running_mcp_server("stateless") as upstream,
        reserved_port() as port,
    ):
        config = CONFIG.format(
            port=port, issuer=provider.issuer, more=more, upstream=upstream, auth=auth
        )
        async with running_gateway(config):
            person = Person(f"http://127.0.0.1:{port}/mcp")
            async with connected_client(person, "auto") as client:
                result = await client.call_tool("whoami", {})
    assert result.structured_content is not None
    return dict(result.structured_content)


@pytest.mark.parametrize("tokens", ["RS256", "ES256"])
async def test_signed_tokens_are_verified_with_the_providers_keys(tokens: Tokens) -> None:
    seen = await _identity(tokens, "")

    assert seen["x-user-id"] == "ada"


@pytest.mark.requirement("117", "119")
async def test_opaque_tokens_are_introspected() -> None:
    seen = await _identity("opaque", INTROSPECTION)

    assert (seen["x-user-id"], seen["x-user-scopes"]) == ("ada", "mcp:read")


@pytest.mark.requirement("123")
async def test_unbound_tokens_are_shown_to_userinfo_where_the_operator_wants_it() -> None:
    # Asked for and not demanded: a description of a user does not say which scopes were granted.
    seen = await _identity("unbound", USERINFO, "scopes_supported: [openid]")

    assert seen["x-user-id"] == "ada"


@pytest.mark.requirement("9")
async def test_unbound_tokens_are_refused_where_they_must_prove_their_audience(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(BaseExceptionGroup):
        await _identity("unbound", INTROSPECTION, "scopes_supported: [openid]")

    assert '"reason":"wrong_audience"' in capfd.readouterr().out


@asynccontextmanager
async def _django(
    folder: Path, cache: str = "60s"
) -> AsyncIterator[tuple[OidcProvider, Person, str]]:
    """The second provider behind a gateway, somebody with a client, and the gateway's URL."""
    with (
        running_django_provider(folder) as provider,
        running_mcp_server("stateless") as upstream,
        reserved_port() as port,
    ):
        # Its introspection says `username`, and the names are given out by the operator.
        introspection = f"introspection: {{{GATEWAY_CLIENT}, cache: {cache}}}"
        more = f", jwt: false, claims: {{subject: username}}, {introspection}"
        auth = "scopes: [mcp:read]"
        config = CONFIG.format(
            port=port, issuer=provider.issuer, more=more, upstream=upstream, auth=auth
        )
        async with running_gateway(config):
            url = f"http://127.0.0.1:{port}/mcp"
            yield provider, Person(url), url


async def _call(url: str, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    async with ClientSession() as client, client.post(url, json=message, headers=headers) as answer:
        return answer.status


@pytest.mark.requirement("117", "119", "120")
async def test_a_provider_that_says_username_and_lists_audiences_is_understood(
    tmp_path: Path,
) -> None:
    async with _django(tmp_path) as (_, person, _), connected_client(person, "auto") as client:
        result = await client.call_tool("whoami", {})

    assert result.structured_content is not None
    seen = dict(result.structured_content)
    assert (seen["x-user-id"], seen["x-user-scopes"]) == ("ada", "mcp:read")


@pytest.mark.requirement("N9", "C6")
async def test_a_token_that_its_provider_took_back_ends_with_its_verdict(tmp_path: Path) -> None:
    async with _django(tmp_path, "0s") as (provider, person, url):
        async with connected_client(person, "auto"):
            pass
        token = person.access_token
        before = await _call(url, token)
        form = {"token": token, "client_id": _client_id(person)}
        revocation = f"{provider.issuer}/revoke_token/"
        async with ClientSession() as http, http.post(revocation, data=form) as answer:
            revoked = answer.status

        assert (before, revoked) == (200, 200)
        assert await _call(url, token) == 401


@pytest.mark.requirement("8", "9")
async def test_a_token_that_was_asked_for_without_a_resource_is_refused(tmp_path: Path) -> None:
    async with _django(tmp_path) as (provider, _, url), ClientSession() as http:
        form = {
            "grant_type": "client_credentials",
            "scope": "mcp:read",
            "client_id": "gateway",
            "client_secret": "a secret that only the tests know",
        }
        async with http.post(f"{provider.issuer}/token/", data=form) as answer:
            granted = await answer.json()

        assert await _call(url, granted["access_token"]) == 401


def _client_id(person: Person) -> str:
    assert person.storage.client is not None
    return str(person.storage.client.client_id)
