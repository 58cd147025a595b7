"""Debian's Redis, which replicas of the gateway share."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.ports import reserved_port
from tests.support.processes import read_until, stop
from tests.support.programs import required_program

LIMIT_S = 15.0


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
                required_program("redis-server", "Debian package redis-server"),
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
