from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.client.failure import ClientFailure
from gateway.client.mcp.server_tools import ServerTools
from gateway.client.mcp.session import Unauthorized
from gateway.client.tokens.logins import with_login
from gateway.client.tokens.token_file import TokenFile
from gateway.client.web import Web
from tests.support.issuer_service import Asked, IssuerService, Scene
from tests.support.mcp_servers import running_mcp_server
from tests.unit.client.tokens.test_logins import LOGIN


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    with running_mcp_server("stateful") as url:
        yield url


async def test_server_that_wants_no_token_gets_none(server_url: str, tmp_path: Path) -> None:
    """With a login: integration/test_command_line_client.py."""
    async with Web() as web:
        tools = ServerTools(web, TokenFile(tmp_path), server_url)
        result = await tools.call_tool("add", ["a=2", "b=3"], lambda progress: None)

    assert result["structuredContent"] == {"result": 5}


@pytest.mark.parametrize(
    ("name", "pairs", "text"),
    [
        ("sub", [], "has no tool sub for you; it has: whoami, add, count"),
        ("add", ["a"], "add: exp"),
    ],
)
async def test_what_was_mistyped_is_told(
    name: str, pairs: list[str], text: str, server_url: str, tmp_path: Path
) -> None:
    async with Web() as web:
        tools = ServerTools(web, TokenFile(tmp_path), server_url)
        with pytest.raises(ClientFailure, match=text):
            await tools.call_tool(name, pairs, lambda progress: None)


def _refusing(asked: Asked) -> Scene:
    """A server that takes the token `new` only."""
    message = asked.json if isinstance(asked.json, dict) else {}
    if asked.headers.get("Authorization") != "Bearer new":
        return Scene(b"", 401)
    return Scene({"jsonrpc": "2.0", "id": message.get("id"), "result": {"tools": []}})


@pytest.mark.parametrize(("fresh", "exchanges"), [("new", 1), ("other", 1)])
async def test_refused_token_is_renewed_once(fresh: str, exchanges: int, tmp_path: Path) -> None:
    file = TokenFile(tmp_path)
    async with IssuerService({"/mcp": _refusing}) as service, Web() as web:
        service.scenes["/token"] = Scene({"access_token": fresh, "token_type": "Bearer"})
        url = f"{service.url}/mcp"
        login = replace(LOGIN, server_url=url, token_endpoint=f"{service.url}/token")
        login = replace(login, tokens=replace(login.tokens, expires_at=None))
        file.change(lambda logins: with_login(logins, login))
        tools = ServerTools(web, file, url)
        if fresh == "new":
            assert await tools.list_tools() == []
        else:
            with pytest.raises(Unauthorized):
                await tools.list_tools()

    assert service.count("/token") == exchanges
