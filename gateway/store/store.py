"""The few facts that outlive a process or are shared by replicas: marks and revocations."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from gateway.config.model import Store as StoreSection
from gateway.errors import ConfigError
from gateway.store.memory import MemoryStore
from gateway.store.sqlite import SqliteStore

SQLITE_FILE = "store.sqlite3"


class Store(Protocol):
    """Small values by kind and key. Every method but `aclose` may raise `StoreUnavailable`.

    `expires_at` is in Unix seconds, None for what stays.
    """

    async def add(self, kind: str, key: str, value: bytes, expires_at: float | None) -> bool:
        """Keep a value unless there is one; True for exactly one of all who add the same key."""
        ...

    async def get(self, kind: str, key: str) -> bytes | None:
        """The value, None when there is none or it has expired."""
        ...

    async def remove(self, kind: str, key: str) -> bool:
        """Forget a value; False when there was none."""
        ...

    async def entries(self, kind: str) -> Mapping[str, bytes]:
        """Every value of a kind that has not expired."""
        ...

    async def version(self, kind: str) -> str:
        """Something that differs after every change of a kind; cheap to ask often."""
        ...

    async def aclose(self) -> None:
        """Let go of connections and files."""
        ...


def open_store(settings: StoreSection, state_dir: Path) -> Store:
    """Build the configured store; nothing is opened before it is used.

    Raises `ConfigError` when Redis is asked for and its client is not installed, or its URL and
    `ca_file` make no sense.
    """
    if settings.url == "memory:":
        return MemoryStore()
    if settings.url == "sqlite:":
        return SqliteStore(state_dir / SQLITE_FILE)
    return _open_redis(settings)


def _open_redis(settings: StoreSection) -> Store:
    try:
        # An extra: most gateways are one process.
        from gateway.store.redis import RedisStore
    except ImportError as error:
        raise ConfigError(
            f"{settings.url}: the Redis client is missing."
            " Install it beside the gateway: pip install 'redis>=8'"
        ) from error
    if settings.ca_file is not None and not settings.url.startswith("rediss://"):
        raise ConfigError("store.ca_file: only rediss:// has certificates")
    password = settings.password.get_secret_value() if settings.password is not None else None
    try:
        return RedisStore.connect(settings.url, password, settings.ca_file)
    except ValueError as error:
        raise ConfigError(f"store.url: {error}") from error
