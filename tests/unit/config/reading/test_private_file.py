"""A key is read only where nobody else can have read or written it."""

import os
from pathlib import Path

import pytest

from gateway.config.reading.private_file import NotPrivate, read_private

OTHER_USER = 12345
KEY = b"a key"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "state"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture
def key(folder: Path) -> Path:
    path = folder / "sealing.key"
    path.write_bytes(KEY)
    path.chmod(0o600)
    return path


def give_away(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to somebody else")
    os.chown(path, OTHER_USER, -1)


def test_a_key_of_ones_own_is_read(key: Path) -> None:
    assert read_private(key) == KEY


@pytest.mark.requirement("A13")
@pytest.mark.parametrize("mode", [0o640, 0o620, 0o604, 0o602, 0o666])
def test_a_key_that_others_may_use_is_refused(key: Path, mode: int) -> None:
    key.chmod(mode)

    with pytest.raises(NotPrivate, match=f"chmod 600 {key}"):
        read_private(key)


@pytest.mark.requirement("A13")
@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_key_in_a_folder_that_others_may_write_to_is_refused(
    key: Path, folder: Path, mode: int
) -> None:
    folder.chmod(mode)

    with pytest.raises(NotPrivate, match=f"chmod go-w {folder}"):
        read_private(key)


def test_nobody_replaces_a_key_in_a_sticky_folder(key: Path, folder: Path) -> None:
    folder.chmod(0o1777)

    assert read_private(key) == KEY


@pytest.mark.requirement("A13")
def test_a_key_that_another_user_owns_is_refused(key: Path) -> None:
    give_away(key)

    with pytest.raises(NotPrivate, match="another user owns this key"):
        read_private(key)


@pytest.mark.requirement("A13")
def test_a_folder_that_another_user_owns_is_refused(key: Path, folder: Path) -> None:
    give_away(folder)

    with pytest.raises(NotPrivate, match="another user owns its folder"):
        read_private(key)


@pytest.mark.requirement("A13")
def test_the_folder_of_a_link_counts_as_well(key: Path, folder: Path, tmp_path: Path) -> None:
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    open_folder.chmod(0o777)
    (open_folder / "link").symlink_to(key)
    (folder / "link").symlink_to(open_folder / "target")
    (open_folder / "target").write_bytes(KEY)
    (open_folder / "target").chmod(0o600)

    for link in (open_folder / "link", folder / "link"):
        with pytest.raises(NotPrivate, match="others may write"):
            read_private(link)


def test_a_key_that_is_not_there_is_an_error_of_the_system(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_private(folder / "none")
