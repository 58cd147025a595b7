"""A shell that somebody types commands into which stand on a page."""

import asyncio
import re
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

LIMIT_S = 20.0
_END = "--typed--"


def examples(page: str) -> dict[str, str]:
    """The commands below each `###` heading; what readers fill in themselves (`…`) is left out."""
    found: dict[str, str] = {}
    for section in page.split("\n### ")[1:]:
        title, _, text = section.partition("\n")
        blocks = re.findall(r"```console\n(.*?)```", text.partition("\n## ")[0], re.DOTALL)
        lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
        found[title] = "\n".join(line for line in lines if not line.endswith("=…"))
    return found


@dataclass(frozen=True, slots=True)
class Terminal:
    """One shell: what a command sets, later ones know."""

    process: Process

    async def type(self, commands: str) -> str:
        """Run them; what they print. Fails when one of them does."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{commands}\necho; echo {_END}\n".encode())
        async with asyncio.timeout(LIMIT_S):
            printed = await stdout.readuntil(f"\n{_END}\n".encode())
        return printed.decode().removesuffix(f"\n{_END}\n")

    async def fill_in(self, **variables: str) -> None:
        """Set what the page leaves to the reader."""
        await self.type("\n".join(f"{name}='{value}'" for name, value in variables.items()))

    async def value(self, name: str) -> str:
        """What a variable holds."""
        return await self.type(f'printf %s "${name}"')


@asynccontextmanager
async def terminal(folder: Path, environ: Mapping[str, str]) -> AsyncIterator[Terminal]:
    """Open one in `folder`; it is closed when a command fails."""
    process = await asyncio.create_subprocess_exec(
        "bash", "-eu", cwd=folder, env=environ, stdin=PIPE, stdout=PIPE, stderr=STDOUT
    )
    try:
        yield Terminal(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
