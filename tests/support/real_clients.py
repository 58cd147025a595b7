"""MCP clients that people use, unmodified, each in a process of its own with a scripted browser."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

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
        with (self.home / "mcp-remote.log").open("a") as log:
            return await self._mcp_remote(log, url, *words)

    async def mcp_remote_on_a_device(
        self, url: str, type_code: Callable[[str], Awaitable[object]]
    ) -> Mapping[str, Any]:
        """The same without a browser: `type_code` gets the URL that it shows, with the code."""
        told, log = os.pipe()
        shown = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(shown), os.fdopen(told, "rb", buffering=0)
        )
        try:
            with os.fdopen(log, "w") as errlog:
                async with asyncio.TaskGroup() as group:
                    asked = group.create_task(self._mcp_remote(errlog, url, "--device-code"))
                    await type_code(await _url_with_code(shown))
        finally:
            transport.close()
        return asked.result()

    async def _mcp_remote(self, log: TextIO, url: str, *words: str) -> Mapping[str, Any]:
        server = StdioServerParameters(
            command=node_command(), args=[str(MCP_REMOTE), url, *words], env=self.environ
        )
        transport = stdio_client(server, errlog=log)
        async with Client(transport, mode="legacy", read_timeout_seconds=LIMIT_S) as client:
            result = await client.call_tool("whoami", {})
        found: Mapping[str, Any] | None = result.structured_content
        assert found is not None
        return found


async def _url_with_code(shown: asyncio.StreamReader) -> str:
    async with asyncio.timeout(LIMIT_S):
        async for line in shown:
            for word in line.decode().split():
                if "user_code=" in word:
                    return word
    raise AssertionError("no code is shown")
