import asyncio
import os
import sqlite3
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.store.sqlite import SqliteStore
from gateway.store.unavailable import StoreUnavailable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "store.sqlite3"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(path)
    yield opened
    await opened.aclose()


async def test_nothing_is_written_before_something_is_kept(store: SqliteStore, path: Path) -> None:
    assert await store.entries("k") == {}
    assert await store.version("k") == ""
    assert await store.remove("k", "a") is False

    assert not path.parent.exists()


async def test_nobody_else_may_read_the_files(store: SqliteStore, path: Path) -> None:
    await store.add("k", "a", b"v", None)

    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    assert set(modes) >= {"store.sqlite3", "store.sqlite3-wal"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.requirement("152")
async def test_what_is_kept_survives_a_restart(store: SqliteStore, path: Path) -> None:
    await store.add("k", "a", b"v", None)
    version = await store.version("k")
    await store.aclose()

    later = SqliteStore(path)

    assert await later.entries("k") == {"a": b"v"}
    assert await later.version("k") == version
    await later.aclose()


async def test_a_value_lasts_until_the_moment_it_expires(path: Path) -> None:
    now = [1000.0]
    store = SqliteStore(path, lambda: now[0])
    await store.add("k", "a", b"v", 1010.0)

    assert await store.entries("k") == {"a": b"v"}
    now[0] = 1010.0
    assert await store.entries("k") == {}
    assert await store.add("k", "a", b"again", None) is True
    await store.aclose()


async def test_many_may_open_a_new_file_at_once(path: Path) -> None:
    stores = [SqliteStore(path) for _ in range(8)]

    told = await asyncio.gather(*(each.add("k", "a", b"", None) for each in stores))

    assert sum(told) == 1
    for each in stores:
        await each.aclose()


def _damage(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database " * 100)


async def test_a_damaged_file_says_what_to_do(store: SqliteStore, path: Path) -> None:
    _damage(path)

    with pytest.raises(StoreUnavailable, match=r"not a database\. Stop .* move it away"):
        await store.entries("k")
    with pytest.raises(StoreUnavailable, match="move it away"):
        await store.add("k", "a", b"", None)


async def test_after_a_repair_it_goes_on(store: SqliteStore, path: Path) -> None:
    _damage(path)
    with pytest.raises(StoreUnavailable):
        await store.version("k")

    os.unlink(path)

    assert await store.add("k", "a", b"v", None) is True
    assert await store.entries("k") == {"a": b"v"}


async def test_a_folder_that_cannot_be_made_matters_only_to_what_is_kept(
    store: SqliteStore, path: Path
) -> None:
    path.parent.write_text("a file where the folder should be")

    assert await store.entries("k") == {}
    with pytest.raises(StoreUnavailable, match="File exists"):
        await store.add("k", "a", b"", None)


async def test_a_failed_add_leaves_no_half_of_itself(store: SqliteStore, path: Path) -> None:
    await store.add("k", "a", b"", None)
    with sqlite3.connect(path) as other:
        other.execute("DROP TABLE versions")
    other.close()

    with pytest.raises(StoreUnavailable, match="no such table"):
        await store.add("k", "b", b"", None)

    assert set(await store.entries("k")) == {"a"}


async def test_a_lock_that_is_never_given_up_is_reported_as_such(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.store.sqlite.BUSY_TIMEOUT_S", 0.05)
    await store.add("k", "a", b"", None)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreUnavailable, match=r"database is locked$"):
        await store.add("k", "b", b"", None)

    assert await store.entries("k") == {"a": b""}
    holder.close()


async def test_a_file_that_others_keep_locked_cannot_be_opened(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.store.sqlite.BUSY_TIMEOUT_S", 0.01)
    monkeypatch.setattr("gateway.store.sqlite.OPEN_TIMEOUT_S", 0.1)
    path.parent.mkdir()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    store = SqliteStore(path)

    with pytest.raises(StoreUnavailable, match=r"database is locked$"):
        await store.add("k", "a", b"", None)

    holder.close()
    assert await store.add("k", "a", b"", None) is True
    await store.aclose()


async def test_nothing_opens_the_file_after_the_end(store: SqliteStore, path: Path) -> None:
    await store.add("k", "a", b"", None)
    await store.aclose()
    await store.aclose()

    with pytest.raises(StoreUnavailable, match="closed"):
        await store.entries("k")
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.requirement("A18")
async def test_entries_of_other_types_are_handed_out_as_they_are(
    store: SqliteStore, path: Path
) -> None:
    await store.add("k", "good", b"v", None)
    with sqlite3.connect(path) as other:
        rows = [
            ("'text'", "'\u00e9'", "NULL"),
            ("'number'", "7", "NULL"),
            ("'no utf-8'", "CAST(X'FF' AS TEXT)", "NULL"),
            ("CAST(X'FE' AS TEXT)", "'x'", "NULL"),
            ("X'FD00'", "'x'", "NULL"),
            ("'never ends'", "'x'", "'soon'"),
        ]
        for key, value, expires_at in rows:
            other.execute(f"INSERT INTO facts VALUES ('k', {key}, {value}, {expires_at})")  # noqa: S608  # of the test's own
        other.execute("UPDATE versions SET version = CAST(X'FF' AS TEXT)")
    other.close()

    assert await store.entries("k") == {
        "good": b"v",
        "text": "\u00e9".encode(),
        "number": b"7",
        "no utf-8": b"\xff",
        "\\xfe": b"x",
        "\\xfd\0": b"x",
        "never ends": b"x",
    }
    assert await store.version("k") == "\\xff"
    assert await store.add("k", "another", b"v", None) is True
    assert await store.version("k") != "\\xff"
