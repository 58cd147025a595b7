"""The official MCP conformance suite, run against one server."""

import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from tests.support.node import PROVIDER_HOME, node_command
from tests.support.ports import reserved_port

LIMIT_S = 120.0
PROGRAM = PROVIDER_HOME / "node_modules/@modelcontextprotocol/conformance/dist/index.js"
_TIME = re.compile(r"-\d{4}-\d\d-\d\dT.*")

Check = tuple[str, str, str, int]


async def run_conformance_suite(url: str, revision: str, folder: Path) -> Mapping[Check, str]:
    """Run every server scenario of a revision; the status of each check.

    A check is named by its scenario, its id, its description, and which of those with the same
    name it is. What only informs is left out: it holds ids and times.
    """
    words = ("--suite", "all", "--url", url, "--spec-version", revision, "-o", str(folder))
    await _run("server", *words)
    return _read(folder, "*/checks.json")


async def run_conformance_client(revision: str, folder: Path) -> Mapping[Check, str]:
    """Let the suite start `mcpgw` for what a revision requires of clients, as above."""
    command = f"{sys.executable} -m tests.support.conformance_client"
    words = ("--command", command, "--requirements", revision, "-o", str(folder))
    await _run("client", *words, "--timeout", f"{LIMIT_S * 1000:.0f}")
    return _read(folder, "**/checks.json")


async def run_conformance_authorization(
    issuer: str, resource: str, log_in: Callable[[str], Awaitable[object]], folder: Path
) -> Mapping[Check, str]:
    """Run what the suite asks of authorization servers, as the public client `conformance`.

    `log_in` takes a person's browser from the URL that the suite prints to its callback.
    """
    with reserved_port() as port:
        words = ("--url", issuer, "--client-id", "conformance", "--resource", resource)
        process = await asyncio.create_subprocess_exec(
            *(node_command(), str(PROGRAM), "authorization", *words),
            *("--port", str(port), "-o", str(folder)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=PROVIDER_HOME.parents[1],
        )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(LIMIT_S):
            async for line in process.stdout:
                if line.startswith(issuer.encode()):
                    await log_in(line.decode().strip())
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
    return _read(folder, "**/checks.json")


async def _run(*words: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(node_command(), str(PROGRAM), *words),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=PROVIDER_HOME.parents[1],
    )
    try:
        async with asyncio.timeout(2 * LIMIT_S):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()


def _read(folder: Path, pattern: str) -> Mapping[Check, str]:
    found: dict[Check, str] = {}
    seen: Counter[tuple[str, str, str]] = Counter()
    for path in sorted(folder.glob(pattern)):
        for check in json.loads(path.read_text(encoding="utf-8")):
            if check["status"] == "INFO":
                continue
            name = (
                _TIME.sub("", str(path.parent.relative_to(folder))),
                check["id"],
                check["description"],
            )
            seen[name] += 1
            found[(*name, seen[name])] = check["status"]
    return found
