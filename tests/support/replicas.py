"""Gateways of one configuration behind one address, each a process of its own."""

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.authserver.accounts.account import Account
from gateway.authserver.accounts.account_file import dump_accounts
from gateway.authserver.accounts.password import hash_password
from tests.support.command_line import ROOT
from tests.support.gateway import short_config
from tests.support.login_pages import PASSWORD, OAuthClient
from tests.support.ports import reserved_port

LIMIT_S = 30.0
_CHUNK_BYTES = 64 * 1024


@dataclass(slots=True)
class Replica:
    """One gateway; what it says goes to a file of its folder."""

    port: int
    config: Path
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and wait until it takes connections."""
        listen = ("--listen", f"127.0.0.1:{self.port}", "--admin-listen", "127.0.0.1:0")
        with self.config.with_suffix(f".{self.port}.log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "gateway", "run", "--config", str(self.config), *listen),
                stderr=log,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                cwd=self.config.parent,
            )
        async with asyncio.timeout(LIMIT_S):
            while not await self._listens():
                assert self.process.returncode is None, self.config.parent
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """End it as a machine that fails does."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """End it, when it runs."""
        await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(number)
            async with asyncio.timeout(LIMIT_S):
                await process.wait()

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except ConnectionRefusedError:
            return False
        writer.close()
        return True


@dataclass(slots=True)
class Replicas:
    """All of them, and the one address that they share: each connection goes to the next."""

    port: int
    each: list[Replica]
    chosen: list[Replica] = field(default_factory=list)
    turns: "itertools.count[int]" = field(default_factory=itertools.count)

    def client(self) -> OAuthClient:
        """A client that knows the shared address only."""
        return OAuthClient(f"http://127.0.0.1:{self.port}")

    def use(self, *numbers: int) -> None:
        """Send new connections to these only."""
        self.chosen = [self.each[number] for number in numbers]

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection to a replica and back."""
        taken = self.chosen or self.each
        port = taken[next(self.turns) % len(taken)].port
        there, onward = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.TaskGroup() as group:
            group.create_task(_copy(reader, onward))
            group.create_task(_copy(there, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass  # a replica was killed, or a client left
    finally:
        writer.close()


@asynccontextmanager
async def running_replicas(
    folder: Path, upstream: str, count: int = 2, more: str = ""
) -> AsyncIterator[Replicas]:
    """Start them with one local account, `ada`; `more` is further YAML."""
    accounts = folder / "accounts.yaml"
    accounts.write_text(dump_accounts([Account("ada", "ada", hash_password(PASSWORD))]))
    async with AsyncExitStack() as stack:
        port = stack.enter_context(reserved_port())
        section = f"authorization_server: {{accounts: {{file: {accounts}}}}}\nstate_dir: ./state\n"
        config = folder / "config.yaml"
        config.write_text(short_config(port, upstream, "local", more=section + more))
        each = [Replica(stack.enter_context(reserved_port()), config) for _ in range(count)]
        replicas = Replicas(port, each)
        for replica in each:
            stack.push_async_callback(replica.stop)
            await replica.start()
        server = await asyncio.start_server(replicas.carry, "127.0.0.1", port)
        await stack.enter_async_context(server)
        yield replicas
