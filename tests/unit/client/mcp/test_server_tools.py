from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.client.failure import ClientFailure
from gateway.client.mcp.server_tools import ServerTools
from gateway.client.tokens.token_file import TokenFile
from gateway.client.web import Web
from tests.support.mcp_servers import running_mcp_server


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
