"""What every measurement shares: a directory of its own, the issuer, and the programs found."""

import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from sys import executable
from tempfile import TemporaryDirectory

from benchmarks.clients.tokens import SigningIssuer, make_issuer
from benchmarks.processes import LOAD_CORE, MissingProgram, pin

AUDIENCE = "https://mcp.example.com/mcp"


@dataclass(frozen=True, slots=True)
class Rig:
    """Handed to each measurement."""

    directory: Path
    issuer: SigningIssuer

    def write_tokens(self, name: str, tokens: Sequence[str]) -> Path:
        """Write tokens for the load, one per line."""
        path = self.directory / name
        path.write_text("\n".join(tokens) + "\n")
        return path


def find_program(name: str) -> str | None:
    """Look beside this Python, where the shell looks, and where Debian keeps daemons."""
    beside = str(Path(executable).parent)
    return which(name, path=beside) or which(name) or which(name, path="/usr/sbin:/usr/local/sbin")


def need_program(name: str) -> str:
    """Return a program's path; MissingProgram when it is missing."""
    path = find_program(name)
    if path is None:
        raise MissingProgram(f"{name} is not installed")
    return path


@contextmanager
def open_rig() -> Iterator[Rig]:
    """Move to the load's core, allow as many sockets as the system lets us, and clean up after."""
    pin(LOAD_CORE)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with TemporaryDirectory(prefix="mcpgw-bench-") as name:
        directory = Path(name)
        yield Rig(directory, make_issuer(directory, AUDIENCE))
