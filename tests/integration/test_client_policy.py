"""Rules as the people behind an MCP client meet them: the official clients, a certified provider.

They see the tools that they may call, and log in for more when a call needs more.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from mcp.shared.exceptions import MCPError

from tests.support.gateway import running_gateway, short_config
from tests.support.identity_provider import OidcProvider
from tests.support.mcp_servers import running_mcp_server
from tests.support.oauth_client import Mode, Person, connected_client
from tests.support.typescript_client import typescript_client

MODES = ["auto", "legacy", "2026-07-28"]
RULES = """\
contact: ask the platform team
rules:
  - {tools: [whoami], allow: any}
  - {tools: [add], allow: {scopes: [mcp:write]}}
  - {tools: [count], allow: {groups: [nobody is in it]}}
"""


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    with running_mcp_server("stateful") as url:
        yield url


@asynccontextmanager
async def ruled_gateway(upstream: str, provider: OidcProvider, port: int) -> AsyncIterator[str]:
    config = short_config(port, upstream, provider.issuer, more=RULES)
    async with running_gateway(config.replace("allow: any\n", "", 1)):
        yield f"http://127.0.0.1:{port}/mcp"


@pytest.mark.requirement("14", "15", "40", "183")
@pytest.mark.parametrize("mode", MODES)
async def test_the_python_client_sees_its_tools_and_steps_up(
    mode: Mode, oidc_provider: OidcProvider, port: int, upstream: str
) -> None:
    async with ruled_gateway(upstream, oidc_provider, port) as url:
        person = Person(url)
        async with connected_client(person, mode) as client:
            tools = [tool.name for tool in (await client.list_tools()).tools]
            assert person.storage.tokens is not None
            before = person.storage.tokens.scope
            result = await client.call_tool("add", {"a": 2, "b": 3})
            after = person.storage.tokens.scope

    assert tools == ["whoami", "add"]  # what a login would open stays in sight
    assert before == "mcp:read"
    assert set(str(after).split()) == {"mcp:read", "mcp:write"}
    assert result.structured_content == {"result": 5}


@pytest.mark.parametrize("mode", MODES)
async def test_the_python_client_is_told_what_no_login_would_mend(
    mode: Mode, oidc_provider: OidcProvider, port: int, upstream: str
) -> None:
    async with ruled_gateway(upstream, oidc_provider, port) as url:
        person = Person(url)
        async with connected_client(person, mode) as client:
            with pytest.raises(MCPError) as refused:
                await client.call_tool("count", {"to": 1})
            result = await client.call_tool("whoami", {})

    assert refused.value.error.code == -32003
    assert refused.value.error.data["contact"] == "ask the platform team"
    assert result.structured_content is not None


@pytest.mark.requirement("14", "15", "40", "183")
@pytest.mark.parametrize("mode", MODES)
async def test_the_typescript_client_sees_its_tools_and_steps_up(
    mode: Mode, oidc_provider: OidcProvider, port: int, upstream: str
) -> None:
    async with ruled_gateway(upstream, oidc_provider, port) as url:
        seen = await typescript_client(url, mode, "add", {"a": 2, "b": 3})

    assert seen.error is None
    assert seen.tools == ["whoami", "add"]
    assert seen.result == {"result": 5}
    assert seen.logins == 2
    assert [set(str(each).split()) for each in seen.scopes] == [
        {"mcp:read"},
        {"mcp:read", "mcp:write"},
    ]
    assert seen.revision == ("2025-11-25" if mode == "legacy" else "2026-07-28")


@pytest.mark.parametrize("mode", MODES)
async def test_the_typescript_client_is_told_what_no_login_would_mend(
    mode: Mode, oidc_provider: OidcProvider, port: int, upstream: str
) -> None:
    async with ruled_gateway(upstream, oidc_provider, port) as url:
        seen = await typescript_client(url, mode, "count", {"to": 1})

    assert seen.result is None
    assert "may not" in str(seen.error)
    assert seen.logins == 1
