"""The revocations that a command can read beside a gateway that runs."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from gateway.app.revoking import Enforcement, open_revocations
from gateway.config.model import Config
from gateway.identity.revocation.revocations import KIND, Revocations
from gateway.store.memory import MemoryStore
from gateway.store.store import SQLITE_FILE, Store, open_store
from gateway.store.unavailable import StoreUnavailable


@asynccontextmanager
async def known_revocations(config: Config, not_known: list[str]) -> AsyncIterator[Revocations]:
    """Read them; `not_known` is told what only the gateway itself knows."""
    async with AsyncExitStack() as stack:
        store = _store(config, not_known)
        stack.push_async_callback(store.aclose)
        try:
            await store.version(KIND)
        except StoreUnavailable:
            not_known.append("the store cannot be read from here: revocations in it are left out")
            store = MemoryStore()
        yield await open_revocations(config, store, Enforcement())


def _store(config: Config, not_known: list[str]) -> Store:
    """The configured store; nothing is made by looking at it."""
    if config.store.url == "memory:":
        not_known.append("revocations that the running gateway keeps in memory are left out")
        return MemoryStore()
    if config.store.url == "sqlite:" and not (config.state_dir / SQLITE_FILE).exists():
        return MemoryStore()
    return open_store(config.store, config.state_dir)
