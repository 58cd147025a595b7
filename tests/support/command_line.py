"""`mcpgw` as a person runs it: a process of its own, with a home and a browser of its own."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIMIT_S = 60.0
BROWSER = f"{sys.executable} -m tests.support.browser %s"


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class CommandLine:
    """One person's command line; `state` is the folder of their programs' state."""

    state: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def token_file(self) -> Path:
        return self.state / "mcpgw" / "tokens.json"

    async def run(self, *words: str) -> Ran:
        """Run `mcpgw` to its end."""
        process = await self.start(*words)
        async with asyncio.timeout(LIMIT_S):
            out, err = await process.communicate()
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), err.decode())

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        """Run `mcpgw` and leave its output to be read."""
        environ = {**os.environ, "BROWSER": BROWSER, "XDG_STATE_HOME": str(self.state)}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway", *words),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env={**environ, **self.environ},
        )

    async def succeed(self, *words: str) -> str:
        """Run `mcpgw`, which must end with 0, and give its standard output without the line end."""
        ran = await self.run(*words)
        assert ran.code == 0, ran.err
        return ran.out.rstrip("\n")

    def edit_login(self, **tokens: object) -> None:
        """Change what the file says about the tokens of its only login."""
        document = json.loads(self.token_file.read_text())
        (login,) = document["logins"]
        login["tokens"] |= tokens
        self.token_file.write_text(json.dumps(document))

    def tokens(self) -> dict[str, object]:
        """What the file says about the tokens of its only login."""
        (login,) = json.loads(self.token_file.read_text())["logins"]
        found: dict[str, object] = login["tokens"]
        return found
