"""A file of entries that a command changes while a gateway may be reading it."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import click

from gateway.errors import ConfigError
from gateway.resilience.locked_folder import locked_folder
from gateway.resilience.watched_file import MAX_FILE_BYTES

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EditedFile(Generic[T]):
    """`parse` raises ValueError, whose text repeats no secret of the file."""

    path: Path
    parse: Callable[[str], Iterable[T]]
    dump: Callable[[Iterable[T]], str]

    def entries(self, *, may_be_new: bool = False) -> list[T]:
        """Read the file; none are in one that is yet to be made, where that is fine.

        Raises `ConfigError` for mistakes in it, and `ClickException` when it cannot be read.
        """
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            if may_be_new:
                return []
            raise click.ClickException(f"{self.path}: there is no such file.") from None
        except OSError as error:
            raise click.ClickException(f"{self.path}: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise ConfigError(f"{self.path}: not UTF-8 text") from error
        if may_be_new and not text.strip():
            return []
        try:
            return list(self.parse(text))
        except ValueError as error:
            raise ConfigError(f"{self.path}: {error}") from error

    @contextmanager
    def editing(self, *, may_be_new: bool = False) -> Iterator[list[T]]:
        """The entries of the file; when the block has changed the list, it is written."""
        target = EditedFile(self.path.resolve(), self.parse, self.dump)  # a link stays one
        try:
            with locked_folder(target.path.parent):
                entries = target.entries(may_be_new=may_be_new)
                before = list(entries)
                yield entries
                if entries != before:
                    target.replace(entries)
        except OSError as error:
            raise click.ClickException(f"{self.path}: {error.strerror}.") from error

    def replace(self, entries: Sequence[T]) -> None:
        """Put another file in its place: readers see the old one or the new one, never half."""
        text = self.dump(entries)
        self._check(text)
        # mkstemp makes it 0600.
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=".mcpgw-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            _keep_owner(self.path, temporary)
            os.replace(temporary, self.path)
        except BaseException:
            os.unlink(temporary)
            raise

    def _check(self, text: str) -> None:
        try:
            self.parse(text)
            if len(text.encode()) > MAX_FILE_BYTES:
                raise ValueError(f"more than {MAX_FILE_BYTES} bytes")
        except ValueError as error:  # the gateway would not read it
            raise click.ClickException(f"{self.path} stays as it was: {error}.") from error


def _keep_owner(path: Path, temporary: str) -> None:
    """What root writes must stay readable for the user that the gateway runs as."""
    if path.exists() and (owner := path.stat().st_uid) != os.geteuid():
        os.chown(temporary, owner, -1)


def text_table(rows: Sequence[Sequence[str]]) -> str:
    """Columns that stand below each other; the first row is the heading."""
    shown = [[each.upper() for each in rows[0]], *rows[1:]]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    )
