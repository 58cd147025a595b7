"""Debian's Prometheus: a server that scrapes one gateway."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientError, ClientSession

from tests.support.ports import reserved_port
from tests.support.processes import stop
from tests.support.programs import required_program

LIMIT_S = 15.0


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running server."""

    session: ClientSession

    async def value(self, expression: str) -> float | None:
        """The one value of a PromQL expression now, None when it has none or nobody answers."""
        try:
            async with self.session.get("/api/v1/query", params={"query": expression}) as answer:
                result = (await answer.json())["data"]["result"]
        except ClientError:
            return None
        return float(result[0]["value"][1]) if len(result) == 1 else None

    async def wait_for(self, expression: str, wanted: float) -> None:
        """Wait until an expression has a value; AssertionError when it does not in time."""
        ends_at = time.monotonic() + LIMIT_S
        while (found := await self.value(expression)) != wanted:
            assert time.monotonic() < ends_at, f"{expression} is {found}, not {wanted}"
            await asyncio.sleep(0.1)  # Prometheus has no way to tell us


@asynccontextmanager
async def running_prometheus(folder: Path, admin_port: int) -> AsyncIterator[Prometheus]:
    """Scrape the admin listener at this port several times a second."""
    program = required_program("prometheus", "Debian package prometheus")
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 250ms, scrape_timeout: 250ms}\n"
        "scrape_configs: [{job_name: mcpgw, static_configs: "
        f'[{{targets: ["127.0.0.1:{admin_port}"]}}]}}]\n',
        encoding="utf-8",
    )
    with reserved_port() as port, (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603, ASYNC220  # a program of Debian's; it starts at once
            [
                program,
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stderr=log,
            text=True,
        )
        try:
            async with ClientSession(f"http://127.0.0.1:{port}") as session:
                yield Prometheus(session)
        finally:
            stop(process)
