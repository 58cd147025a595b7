"""`mcpgw` as the client that the official conformance suite starts: `… conformance_client URL`.

It calls every tool of the server, with a number for each argument, and logs in when it is told to.
"""

import asyncio
import json
import os
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.command_line import CommandLine, Ran

METADATA_URL = "https://conformance-test.local/client-metadata.json"  # the suite's own


async def use(url: str) -> int:
    """Log in and call; the exit code of the last command."""
    context = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT", "{}"))
    flags = ["--client-metadata-url", METADATA_URL]
    if "client_id" in context:
        flags += ["--client-id", context["client_id"]]
    if "client_secret" in context:
        flags.append("--client-secret")
    environ = {"MCPGW_CLIENT_SECRET": context.get("client_secret", "")}
    with tempfile.TemporaryDirectory() as folder:
        person = Person(CommandLine(Path(folder), environ), url, flags)
        ran = await person.call("--json")
        for tool in json.loads(ran.out) if ran.code == 0 else ():
            for arguments in _arguments(tool, context.get("toolCalls", ())):
                ran = await person.call(tool["name"], *arguments)
    return ran.code


@dataclass(frozen=True, slots=True)
class Person:
    """Who does as the commands say."""

    line: CommandLine
    url: str
    flags: Sequence[str]

    async def call(self, *words: str) -> Ran:
        """Call, and do what a refusal says, for as often as it says something else."""
        told: set[str] = set()
        while True:
            ran = _shown(await self.line.run("call", self.url, *words))
            _, *advice = ran.err.split("`")
            if not advice or ran.err in told:
                return ran
            told.add(ran.err)
            login = shlex.split(advice[0])[1:]
            if _shown(await self.line.run(*login, *self.flags)).code:
                return ran


def _arguments(tool: Mapping[str, Any], wanted: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    """What the scenario wants, else a number for each argument that is required."""
    calls = [each.get("arguments", {}) for each in wanted if each["name"] == tool["name"]]
    required = tool["inputSchema"].get("required", [])
    for values in calls or [{name: number for number, name in enumerate(required, 2)}]:
        yield [f"{name}={_word(value)}" for name, value in values.items()]


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _shown(ran: Ran) -> Ran:
    sys.stderr.write(ran.err + ran.out)
    return ran


if __name__ == "__main__":
    sys.exit(asyncio.run(use(sys.argv[1])))
