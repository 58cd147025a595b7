"""The official TypeScript SDK's client, in a process of its own."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass

from tests.support.node import PROVIDER_HOME, node_command
from tests.support.oauth_client import Mode

LIMIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What the client saw; `scopes` are those granted before the call and after it."""

    logins: int
    tools: list[str]
    scopes: list[str | None]
    revision: str | None
    result: dict[str, object] | None = None
    error: str | None = None


async def typescript_client(
    url: str, mode: Mode, tool: str, arguments: Mapping[str, object]
) -> Seen:
    """Log in as ada when challenged, list the tools and call one of them."""
    program = (node_command(), str(PROVIDER_HOME / "client.mjs"))
    process = await asyncio.create_subprocess_exec(
        *program,
        *(url, mode, "ada", tool, json.dumps(dict(arguments))),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(LIMIT_S):
        told, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    return Seen(**json.loads(told))
