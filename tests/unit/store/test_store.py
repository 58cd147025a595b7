"""What every store does, tried with each of them, and which one a URL opens."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway.config.model import Store as StoreSection
from gateway.errors import ConfigError
from gateway.store.memory import MemoryStore
from gateway.store.redis import RedisStore
from gateway.store.sqlite import SqliteStore
from gateway.store.store import SQLITE_FILE, Store, open_store
from tests.support.redis_server import RedisServer

LONG_AGO = 1.0


@pytest.fixture
def kind() -> str:
    """A kind of its own for each test: they share one Redis."""
    return f"test-{secrets.token_hex(4)}"


@pytest.fixture(params=["memory:", "sqlite:", "redis"])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[Store]]:
    """Two replicas' views of the same facts."""
    url = request.param
    if url == "redis":
        server: RedisServer = request.getfixturevalue("redis_server")
        url = server.url
    async with AsyncExitStack() as stack:
        opened = [open_store(StoreSection(url=url), tmp_path) for _ in range(2)]
        for each in opened:
            stack.push_async_callback(each.aclose)
        yield opened if url != "memory:" else opened[:1] * 2


async def test_only_the_first_to_add_a_key_is_told_that_it_is_new(
    stores: list[Store], kind: str
) -> None:
    one, two = stores

    assert await one.add(kind, "k", b"first", None) is True
    assert await two.add(kind, "k", b"second", None) is False
    assert await two.entries(kind) == {"k": b"first"}


@pytest.mark.requirement("152")
async def test_of_all_who_add_a_key_at_once_exactly_one_is_first(
    stores: list[Store], kind: str
) -> None:
    for number in range(10):
        racing = [each.add(kind, str(number), b"", None) for each in stores * 4]
        told = await asyncio.gather(*racing)

        assert sum(told) == 1


async def test_what_was_removed_is_gone_and_may_come_back(stores: list[Store], kind: str) -> None:
    one, two = stores
    await one.add(kind, "k", b"v", None)

    assert await two.remove(kind, "k") is True
    assert await one.remove(kind, "k") is False
    assert await one.entries(kind) == {}
    assert await one.add(kind, "k", b"v", None) is True


async def test_what_expired_is_not_there_and_its_key_is_new_again(
    stores: list[Store], kind: str
) -> None:
    one, two = stores
    await one.add(kind, "old", b"v", LONG_AGO)
    await one.add(kind, "young", b"v", 4e9)

    assert await two.entries(kind) == {"young": b"v"}
    assert await two.remove(kind, "old") is False
    assert await two.add(kind, "old", b"v", None) is True


@pytest.mark.parametrize("moment", [-5.0, 0.0, 1.5, 1e300, float("inf")])
async def test_no_moment_is_too_early_or_too_late_to_expire_at(
    stores: list[Store], kind: str, moment: float
) -> None:
    assert await stores[0].add(kind, "k", b"v", moment) is True

    assert bool(await stores[1].entries(kind)) is (moment > 1e9)


async def test_every_change_of_a_kind_changes_its_version(stores: list[Store], kind: str) -> None:
    one, two = stores
    versions = [await two.version(kind)]
    await one.add(kind, "a", b"", None)
    versions.append(await two.version(kind))
    await one.add(kind, "b", b"", None)
    versions.append(await two.version(kind))
    await one.remove(kind, "a")
    versions.append(await two.version(kind))

    assert len(set(versions)) == 4
    assert await two.version(kind) == versions[-1]


async def test_what_changes_nothing_leaves_the_version(stores: list[Store], kind: str) -> None:
    await stores[0].add(kind, "k", b"", None)
    version = await stores[0].version(kind)

    await stores[0].add(kind, "k", b"", None)
    await stores[0].remove(kind, "unknown")
    await stores[0].add(f"{kind}-2", "k", b"", None)

    assert await stores[1].version(kind) == version


async def test_kinds_are_apart(stores: list[Store], kind: str) -> None:
    await stores[0].add(kind, "k", b"mine", None)

    assert await stores[0].entries(f"{kind}-2") == {}
    assert await stores[0].remove(f"{kind}-2", "k") is False


async def test_any_key_and_any_bytes_come_back_as_they_were(stores: list[Store], kind: str) -> None:
    key, value = "https://issuer.example j:1*?[x]\n'ü", b"\x00\xff{}"
    await stores[0].add(kind, key, value, None)

    assert await stores[1].entries(kind) == {key: value}
    assert await stores[1].remove(kind, key) is True


def test_the_url_picks_the_store(tmp_path: Path) -> None:
    redis = StoreSection(url="redis://127.0.0.1/0", password=SecretStr("hidden"))

    assert isinstance(open_store(StoreSection(url="memory:"), tmp_path), MemoryStore)
    assert isinstance(open_store(StoreSection(), tmp_path), SqliteStore)
    assert isinstance(open_store(redis, tmp_path), RedisStore)
    assert not (tmp_path / SQLITE_FILE).exists()


def test_without_the_redis_client_the_start_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "gateway.store.redis")
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)

    with pytest.raises(ConfigError, match="pip install 'redis>=8'"):
        open_store(StoreSection(url="redis://127.0.0.1/0"), tmp_path)


def test_an_authority_for_a_plain_connection_stops_the_start(tmp_path: Path) -> None:
    settings = StoreSection(url="redis://127.0.0.1/0", ca_file=Path("ca.pem"))

    with pytest.raises(ConfigError, match=r"store\.ca_file"):
        open_store(settings, tmp_path)


async def test_one_value_is_found_by_its_key_until_it_expires(
    stores: list[Store], kind: str
) -> None:
    one, two = stores
    await one.add(kind, "k", b"v", 4e9)
    await one.add(kind, "old", b"v", LONG_AGO)

    assert await two.get(kind, "k") == b"v"
    assert await two.get(kind, "old") is None
    assert await two.get(kind, "other") is None
