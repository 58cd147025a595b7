"""Real servers are called in integration/test_command_line_client.py."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli.client.call import command
from tests.support.issuer_service import Asked, IssuerService, Scene

RESULT = {
    "isError": True,
    "content": [{"type": "text", "text": "no \x1b[2Jway"}, {"type": "image", "data": "eA=="}],
}
TOOLS = [{"name": "x", "description": "Does x.\nAt length."}, {"name": "y"}]


def _answer(asked: Asked) -> Scene:
    message = asked.json if isinstance(asked.json, dict) else {}
    result = {"tools/list": {"tools": TOOLS}, "tools/call": RESULT}.get(message.get("method", ""))
    return Scene({"jsonrpc": "2.0", "id": message.get("id"), "result": result or {}})


async def _call(folder: Path, *words: str) -> Result:
    async with IssuerService({"/mcp": _answer}) as service:
        line = [f"{service.url}/mcp", *words]
        environ = {"XDG_STATE_HOME": str(folder)}
        return await asyncio.to_thread(CliRunner().invoke, command, line, env=environ)


async def test_tool_that_fails_ends_with_1_and_drives_no_terminal(tmp_path: Path) -> None:
    result = await _call(tmp_path, "x")

    assert result.exit_code == 1
    assert result.stdout == 'no \ufffd[2Jway\n{"type": "image", "data": "eA=="}\n'
    assert result.stderr == "mcpgw: x failed\n"


async def test_json_is_the_result_as_it_came(tmp_path: Path) -> None:
    assert '"isError": true' in (await _call(tmp_path, "x", "--json")).stdout


async def test_tools_are_listed_with_the_first_line_about_them(tmp_path: Path) -> None:
    assert (await _call(tmp_path)).stdout == "x\n    Does x.\ny\n"


async def test_server_without_tools_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.TOOLS", [])

    assert (await _call(tmp_path)).stdout == "the server has no tools for you\n"
