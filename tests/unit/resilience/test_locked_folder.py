"""One process at a time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from gateway.resilience.locked_folder import locked_folder


def test_whoever_comes_second_waits(tmp_path: Path) -> None:
    seen: list[str] = []
    asked = Event()

    def second() -> None:
        asked.set()
        with locked_folder(tmp_path):
            seen.append("second")

    with ThreadPoolExecutor() as pool:
        with locked_folder(tmp_path):
            waiting = pool.submit(second)
            assert asked.wait(5)
            seen.append("first")
        waiting.result(5)

    assert seen == ["first", "second"]


def test_it_leaves_no_file(tmp_path: Path) -> None:
    with locked_folder(tmp_path):
        pass

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"), locked_folder(tmp_path / "missing"):
        pass
