"""Real clients log in at the gateway alone: discovery, registration, consent, login, refresh."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession

from gateway.authserver.accounts.account import Account
from gateway.authserver.accounts.account_file import dump_accounts
from gateway.authserver.accounts.password import hash_password
from tests.support.command_line import CommandLine
from tests.support.gateway import running_gateway, short_config
from tests.support.login_gateway import login_gateway, person_at
from tests.support.login_pages import PASSWORD, OAuthClient, PersonsBrowser
from tests.support.mcp_servers import running_mcp_server
from tests.support.oauth_client import Mode, connected_client
from tests.support.recording_upstream import RecordingUpstream


@pytest.fixture(scope="module")
def stateful() -> Iterator[str]:
    with running_mcp_server("stateful") as url:
        yield url


@pytest.mark.requirement("54", "55", "60", "94")
@pytest.mark.parametrize("mode", ["auto", "legacy", "2026-07-28"])
async def test_sdk_client_registers_logs_in_and_calls_a_tool(
    mode: Mode, port: int, stateful: str
) -> None:
    async with login_gateway(port, stateful):
        person = person_at(f"http://127.0.0.1:{port}/mcp")
        async with connected_client(person, mode) as client:
            result = await client.call_tool("whoami", {})

    assert result.structured_content is not None
    assert result.structured_content["x-user-id"] == "ada"
    assert result.structured_content["x-user-email"] == "ada@example.com"
    assert result.structured_content["x-user-groups"] == "engineering"


@pytest.mark.requirement("130", "131")
async def test_a_refreshed_login_goes_on_with_another_token(port: int, stateful: str) -> None:
    async with login_gateway(port, stateful):
        person = person_at(f"http://127.0.0.1:{port}/mcp")
        async with connected_client(person, "legacy") as client:
            await client.list_tools()
        first = person.access_token
        assert person.storage.tokens is not None
        person.storage.tokens.expires_in = -1
        refresh = person.storage.tokens.refresh_token
        async with ClientSession() as session:
            assert person.storage.client is not None
            form = {
                "grant_type": "refresh_token",
                "refresh_token": refresh or "",
                "client_id": person.storage.client.client_id or "",
            }
            async with session.post(f"http://127.0.0.1:{port}/token", data=form) as answer:
                assert answer.status == 200
                second = (await answer.json())["access_token"]

    assert second != first


async def test_the_command_line_client_logs_in(port: int, stateful: str, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{port}/mcp"
    mcpgw = CommandLine(tmp_path, {"TEST_PASSWORD": "correct horse battery staple"})
    async with login_gateway(port, stateful):
        await mcpgw.succeed("login", url)
        called = await mcpgw.succeed("call", url, "whoami", "--json")
        token = await mcpgw.succeed("token", url)

    assert '"ada"' in called
    assert token.count(".") == 2


@pytest.mark.requirement("11", "56")
async def test_a_token_for_this_gateway_is_for_one_server_and_never_reaches_it(port: int) -> None:
    async with RecordingUpstream() as upstream, login_gateway(port, upstream.url):
        url = f"http://127.0.0.1:{port}/mcp"
        async with ClientSession() as session, session.post(url, json={}) as refused:
            assert refused.status == 401
            challenge = refused.headers["WWW-Authenticate"]
        upstream.assert_untouched()

    assert urlsplit(url).netloc in challenge


@pytest.mark.requirement("54", "85", "86")
@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/openid-configuration/mcp",
        "/mcp/.well-known/openid-configuration",
    ],
)
async def test_every_place_where_clients_look_has_the_same_document(port: int, path: str) -> None:
    issuer = f"http://127.0.0.1:{port}"
    async with (
        RecordingUpstream() as upstream,
        login_gateway(port, upstream.url),
        ClientSession() as session,
        session.get(issuer + path, allow_redirects=False) as answer,
    ):
        assert answer.status == 200
        document = await answer.json()
        upstream.assert_untouched()

    assert document["issuer"] == issuer
    assert document["code_challenge_methods_supported"] == ["S256"]


@pytest.mark.requirement("47")
async def test_revocation_of_a_person_takes_back_what_their_browser_remembers(
    port: int, tmp_path: Path
) -> None:
    by_person = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}
    by_person["Sec-Fetch-Dest"] = "document"
    revoked = tmp_path / "revocations.yaml"
    revoked.write_text("revocations: []\n")
    accounts = tmp_path / "accounts.yaml"
    accounts.write_text(dump_accounts([Account("ada", "ada", hash_password(PASSWORD))]))
    more = (
        f"authorization_server: {{accounts: {{file: {accounts}}}, remember_consent: 30d}}\n"
        f"revocations: {{file: {revoked}}}\n"
    )
    async with RecordingUpstream() as upstream, PersonsBrowser() as browser:
        async with running_gateway(short_config(port, upstream.url, "local", more=more)):
            client = OAuthClient(f"http://127.0.0.1:{port}")
            await client.register()
            asked = await browser.open(client.authorize_url(), by_person)
            login = await browser.send(asked, decision="approve", remember="yes")
            await browser.send(login, name="ada", password=PASSWORD)
            shown = await browser.open(client.authorize_url(), by_person)
            assert shown.action.endswith("/authorize/login")

            revoked.write_text("revocations: [{subject: ada, before: 2100-01-01T00:00:00Z}]\n")

            async with asyncio.timeout(30):
                while not shown.action.endswith("/authorize/consent"):
                    shown = await browser.open(client.authorize_url(), by_person)
        upstream.assert_untouched()
