"""MCP clients that people use, unmodified, each in a process of its own with a scripted browser."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.support.login_pages import PASSWORD
from tests.support.node import CLIENTS_HOME, node_command

ROOT = Path(__file__).parents[2]
LIMIT_S = 60.0
MCP_REMOTE = CLIENTS_HOME / "node_modules/mcp-remote/dist/proxy.js"
INSPECTOR = CLIENTS_HOME / "node_modules/@modelcontextprotocol/inspector/clients/launcher/build"
# Also in JSON that is a text within JSON.
_ACCESS_TOKEN = re.compile(r'(\baccess_token\\?": ?\\?"[^"\\]+)')


@dataclass(frozen=True, slots=True)
class Machine:
    """A person's computer; `home` is where its programs keep what they know.

    `browser` is the program that they open URLs with.
    """

    home: Path
    browser: str = f"{sys.executable} -m tests.support.browser %s"

    def without_a_person(self) -> "Machine":
        """The same where nobody is there to log in."""
        return Machine(self.home, "false")

    @property
    def environ(self) -> dict[str, str]:
        """What the programs find: a browser in which ada logs in, and no screen."""
        kept = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
        return kept | {
            "HOME": str(self.home),
            "MCP_INSPECTOR_SECRET_STORE": "file",  # not the keyring of who runs the tests
            "MCP_AUTO_OPEN_ENABLED": "true",  # Inspector: open a browser without a terminal
            "BROWSER": self.browser,
            "PYTHONPATH": str(ROOT),
            "TEST_BROWSER": sys.executable,
            "TEST_PASSWORD": PASSWORD,
        }

    def spoil_tokens(self) -> None:
        """Make every access token that a program keeps one that nobody takes."""
        spoiled = 0
        for path in self.home.rglob("*.json"):
            text, found = _ACCESS_TOKEN.subn(r"\1x", path.read_text())
            path.write_text(text)
            spoiled += found
        assert spoiled, "no program keeps a token here"

    async def run(self, *words: str) -> str:
        """Run a program, which must end with 0; its standard output."""
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self.environ,
            cwd=self.home,
        )
        try:
            async with asyncio.timeout(LIMIT_S):
                out, err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode == 0, err.decode() + out.decode()
        return out.decode()

    async def typescript(self, **asked: object) -> Mapping[str, Any]:
        """What a host of the TypeScript SDK saw: see `tests/clients/typescript.mjs`."""
        program = (node_command(), str(CLIENTS_HOME / "typescript.mjs"))
        told: Mapping[str, Any] = json.loads(await self.run(*program, json.dumps(asked)))
        return told

    async def fastmcp(self, **asked: object) -> Mapping[str, Any]:
        """What a host of FastMCP's client saw: see `tests/clients/fastmcp_host.py`."""
        # In the background: the host listens for the callback only after it opened the browser.
        there = Machine(self.home, f"{self.browser} &")
        program = (sys.executable, str(CLIENTS_HOME / "fastmcp_host.py"))
        told: Mapping[str, Any] = json.loads(await there.run(*program, json.dumps(asked)))
        return told

    async def inspector(self, url: str, *words: str) -> Mapping[str, Any]:
        """What MCP Inspector's command line gets from the tool `whoami`."""
        call = ("--method", "tools/call", "--tool-name", "whoami", "--format", "json")
        program = (node_command(), str(INSPECTOR / "index.js"), "--cli", url)
        told = json.loads(await self.run(*program, *call, *words))
        found: Mapping[str, Any] = told["result"]["structuredContent"]
        return found

    async def mcp_remote(self, url: str, *words: str) -> Mapping[str, Any]:
        """What a host that only speaks to its own machine gets from `whoami` by `mcp-remote`."""
        server = StdioServerParameters(
            command=node_command(), args=[str(MCP_REMOTE), url, *words], env=self.environ
        )
        with (self.home / "mcp-remote.log").open("a") as log:
            transport = stdio_client(server, errlog=log)
            async with Client(transport, mode="legacy", read_timeout_seconds=LIMIT_S) as client:
                result = await client.call_tool("whoami", {})
        found: Mapping[str, Any] | None = result.structured_content
        assert found is not None
        return found
