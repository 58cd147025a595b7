"""The recipe of docs/running.md for servers that speak stdio only, with the real bridge."""

import asyncio
import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.support.gateway import running_gateway, short_config
from tests.support.ports import reserved_port
from tests.support.programs import required_program
from tests.support.raw_http import RawResponse, exchange, post
from tests.support.token_signer import TokenSigner

PAGE = Path(__file__).parents[2] / "docs" / "running.md"
STARTED_WITHIN_S = 20.0
SERVER = """\
from mcp.server.mcpserver import MCPServer
server = MCPServer("stdio")
server.add_tool(lambda a, b: a + b, name="add", description="Add two numbers")
server.run("stdio")
"""
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
CALL = {
    "jsonrpc": "2.0",
    "id": 2,
    "method": "tools/call",
    "params": {"name": "add", "arguments": {"a": 2, "b": 3}},
}


def bridge(folder: Path, port: int) -> list[str]:
    """The command of the page, with a server of ours behind it."""
    program = required_program("mcp-proxy", "pipx install mcp-proxy")
    (line,) = re.findall(r"^mcp-proxy .*$", PAGE.read_text("utf-8"), re.MULTILINE)
    options = shlex.split(line.partition(" -- ")[0].replace("9000", str(port)))[1:]
    (folder / "server.py").write_text(SERVER, encoding="utf-8")
    return [program, *options, "--", sys.executable, str(folder / "server.py")]


async def until_listening(port: int) -> None:
    async with asyncio.timeout(STARTED_WITHIN_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
                continue
            writer.close()
            return


def message(response: RawResponse) -> dict[str, object]:
    """The JSON-RPC message of an answer, whole or as an event."""
    text = response.body.decode()
    told = json.loads(text if text.startswith("{") else text.partition("data: ")[2].split("\n")[0])
    assert isinstance(told, dict)
    return told


@pytest.mark.requirement("U8")
async def test_a_bridge_lets_callers_use_a_server_that_speaks_stdio(tmp_path: Path) -> None:
    with reserved_port() as port, reserved_port() as behind:
        command = bridge(tmp_path, behind)
        process = await asyncio.create_subprocess_exec(*command, cwd=tmp_path)
        try:
            await until_listening(behind)
            async with TokenSigner() as signer:
                config = short_config(port, f"http://127.0.0.1:{behind}/mcp", signer.issuer)
                token = signer.token(f"http://127.0.0.1:{port}/mcp", header=None, key=None)

                async def send(body: dict[str, object], more: bytes = b"") -> RawResponse:
                    text = json.dumps(body).encode()
                    return await exchange(port, post(port, text, token=token, headers=more))

                async with running_gateway(config):
                    refused = await exchange(port, post(port, json.dumps(CALL).encode()))
                    begun = await send(INITIALIZE)
                    session = begun.value("Mcp-Session-Id")
                    more = f"Mcp-Session-Id: {session}\r\n".encode() if session else b""
                    await send({"jsonrpc": "2.0", "method": "notifications/initialized"}, more)
                    answer = await send(CALL, more)
        finally:
            process.terminate()
            await process.wait()

    assert refused.status == 401
    assert begun.status == answer.status == 200
    assert '"5"' in json.dumps(message(answer)["result"])
