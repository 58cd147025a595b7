import asyncio
import logging
import os
from pathlib import Path

import pytest

from gateway.resilience.watched_file import MAX_FILE_BYTES, WatchedFile

Changes = list[tuple[int, int]]
LIMIT_S = 5.0


class Operator:
    """Does to the file what operators do."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "number.txt"
        self._away = folder / "away"

    def write(self, text: str | bytes) -> None:
        self.path.write_bytes(text.encode() if isinstance(text, str) else text)

    def replace(self, text: str) -> None:
        """Puts another file there, whose time is the same."""
        state = self.path.stat()
        self._away.write_text(text)
        os.utime(self._away, ns=(state.st_atime_ns, state.st_mtime_ns))
        self._away.replace(self.path)

    def take_away(self) -> None:
        self.path.rename(self._away)

    def bring_back(self) -> None:
        self._away.rename(self.path)

    def make_folder(self) -> None:
        self.path.mkdir()

    def remove_folder(self) -> None:
        self.path.rmdir()

    def mount(self, text: str) -> None:
        """As a Secret of Kubernetes: the file is a link through a link that is swapped."""
        version = self.path.parent / f"..{text}"
        version.mkdir()
        (version / "number.txt").write_text(text)
        self._away.symlink_to(version.name)
        self._away.replace(self.path.parent / "..data")
        if not self.path.is_symlink():
            self.path.symlink_to("..data/number.txt")


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path)


@pytest.fixture
def changes() -> Changes:
    return []


@pytest.fixture
def watched(operator: Operator, changes: Changes) -> WatchedFile[int]:
    return WatchedFile(operator.path, _parse, 0, lambda old, new: changes.append((old, new)))


def _parse(text: str) -> int:
    if not text.isdigit():
        raise ValueError("expected digits")
    return int(text)


def _warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [str(vars(each)["error"]) for each in caplog.records if each.levelno == logging.WARNING]


async def test_what_was_never_read_says_so(watched: WatchedFile[int]) -> None:
    await watched.load()

    assert (watched.value, watched.was_read) == (0, False)
    assert watched.error == "No such file or directory"


async def test_a_change_is_read_and_told_once(
    watched: WatchedFile[int], operator: Operator, changes: Changes
) -> None:
    for text in ("1", "1", "22"):
        operator.write(text)
        await watched.load()
        await watched.load()

    assert (watched.value, watched.error, watched.was_read) == (22, None, True)
    assert changes == [(0, 1), (1, 22)]


async def test_a_replaced_file_is_noticed_when_time_and_size_are_the_same(
    watched: WatchedFile[int], operator: Operator
) -> None:
    operator.write("1")
    await watched.load()

    operator.replace("2")
    await watched.load()

    assert watched.value == 2


async def test_a_link_that_kubernetes_swaps_is_followed(
    watched: WatchedFile[int], operator: Operator
) -> None:
    operator.mount("1")
    await watched.load()

    operator.mount("2")
    await watched.load()

    assert watched.value == 2


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"secret", "expected digits"),
        (b"\xff", "not UTF-8 text"),
        (b"1" * (MAX_FILE_BYTES + 1), f"more than {MAX_FILE_BYTES} bytes"),
    ],
)
async def test_a_bad_file_keeps_the_last_good_value(
    watched: WatchedFile[int], operator: Operator, content: bytes, error: str
) -> None:
    operator.write("7")
    await watched.load()

    operator.write(content)
    await watched.load()

    assert (watched.value, watched.error, watched.was_read) == (7, error, True)


async def test_a_file_that_vanishes_keeps_the_last_good_value(
    watched: WatchedFile[int], operator: Operator, changes: Changes
) -> None:
    operator.write("7")
    await watched.load()

    operator.take_away()
    await watched.load()

    assert (watched.value, watched.error) == (7, "No such file or directory")
    assert changes == [(0, 7)]


async def test_a_file_that_comes_back_unchanged_is_no_error_any_more(
    watched: WatchedFile[int], operator: Operator
) -> None:
    operator.write("7")
    await watched.load()
    operator.take_away()
    await watched.load()

    operator.bring_back()
    await watched.load()

    assert (watched.value, watched.error) == (7, None)


async def test_what_cannot_be_read_is_tried_at_every_look(
    watched: WatchedFile[int], operator: Operator
) -> None:
    operator.make_folder()
    await watched.load()
    assert watched.error == "Is a directory"

    operator.remove_folder()
    operator.write("7")
    await watched.load()

    assert watched.value == 7


async def test_every_bad_version_is_logged_once_and_without_its_content(
    watched: WatchedFile[int], operator: Operator, caplog: pytest.LogCaptureFixture
) -> None:
    for text in ("secret", "secret too"):
        operator.write(text)
        await watched.load()
        await watched.load()

    assert _warnings(caplog) == ["expected digits", "expected digits"]
    assert "secret" not in str([vars(each) for each in caplog.records])


async def test_a_missing_file_is_logged_once(
    watched: WatchedFile[int], caplog: pytest.LogCaptureFixture
) -> None:
    await watched.load()
    await watched.load()

    assert _warnings(caplog) == ["No such file or directory"]


async def test_a_change_is_noticed_while_it_runs(operator: Operator) -> None:
    seen: asyncio.Queue[int] = asyncio.Queue()
    watched = WatchedFile(
        operator.path, _parse, 0, lambda old, new: seen.put_nowait(new), poll_s=0.01
    )
    operator.write("1")
    async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
        running = group.create_task(watched.run())
        assert await seen.get() == 1

        operator.write("22")

        assert await seen.get() == 22
        running.cancel()


async def test_nobody_has_to_be_told(operator: Operator) -> None:
    operator.write("3")
    watched = WatchedFile(operator.path, _parse, 0)

    await watched.load()

    assert watched.value == 3
