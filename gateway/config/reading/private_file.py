"""Keys in files: read only where nobody else can have read or written them."""

import os
from pathlib import Path
from stat import S_ISVTX

_ROOT = 0
_OTHERS = 0o077
_OTHERS_WRITE = 0o022


class NotPrivate(ValueError):
    """A key that somebody else may know or may have put there; the text says what to do."""


def read_private(path: Path) -> bytes:
    """Read a key file. Raises `NotPrivate`, and OSError when it cannot be read.

    It must belong to this process's user, or to root, and stand in folders of which the same is
    true: whoever owns a file can make it readable again, whoever writes to its folder can replace
    it. The folder of a link counts as well as that of the file.
    """
    with path.open("rb") as file:
        user = os.geteuid()
        _check_file(path, os.fstat(file.fileno()), user)
        for folder in {path.parent, path.resolve().parent}:
            _check_folder(path, folder, folder.stat(), user)
        return file.read()


def _check_file(path: Path, state: os.stat_result, user: int) -> None:
    if state.st_uid not in (user, _ROOT):
        raise NotPrivate(
            f"{path}: another user owns this key; delete it, or run: chown {user} {path}"
        )
    if state.st_mode & _OTHERS:
        raise NotPrivate(f"{path}: others may read this key; run: chmod 600 {path}")


def _check_folder(path: Path, folder: Path, state: os.stat_result, user: int) -> None:
    if state.st_uid not in (user, _ROOT):
        raise NotPrivate(f"{path}: another user owns its folder; run: chown {user} {folder}")
    # In a sticky folder, as /tmp is one, others can add files but not replace this one.
    if state.st_mode & _OTHERS_WRITE and not state.st_mode & S_ISVTX:
        raise NotPrivate(f"{path}: others may write to its folder; run: chmod go-w {folder}")
