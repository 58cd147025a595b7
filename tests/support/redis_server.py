"""Debian's Redis, which replicas of the gateway share."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.ports import reserved_port
from tests.support.processes import read_until, stop

LIMIT_S = 15.0


def required_redis() -> str:
    """The path of the program; the test is skipped where it is not installed, but never in CI."""
    found = shutil.which("redis-server")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("redis-server is missing, and .ci/run installs it")
    if found is None:
        pytest.skip("redis-server is not installed (Debian package redis-server)")
    return found


@dataclass(slots=True)
class RedisServer:
    """One server on loopback that keeps nothing on disk: a restart forgets everything."""

    port: int
    folder: Path
    options: tuple[str, ...]
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        ports = () if "--tls-port" in self.options else ("--port", str(self.port))
        self.process = subprocess.Popen(  # noqa: S603  # a program of Debian's
            [
                required_redis(),
                *("--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)),
                *ports,
                *self.options,
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        read_until(self.process, "Ready to accept connections", limit_s=LIMIT_S)

    def stop(self) -> None:
        """Stop it, when it runs."""
        process, self.process = self.process, None
        if process is not None:
            stop(process)


@contextmanager
def running_redis(folder: Path, *options: str) -> Iterator[RedisServer]:
    """Start a server; `{port}` in an option stands for its port."""
    with reserved_port() as port:
        server = RedisServer(port, folder, tuple(each.format(port=port) for each in options))
        try:
            server.start()
            yield server
        finally:
            server.stop()
