"""A file that operators change while the gateway runs."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from gateway.resilience.repeat import repeat

logger = logging.getLogger(__name__)

MAX_FILE_BYTES = 1024 * 1024
POLL_S = 0.5

T = TypeVar("T")
Version = tuple[int, int, int]


def _ignore(old: object, new: object) -> None:
    """Nobody wants to know."""


class WatchedFile(Generic[T]):
    """What a file says, read again when it changes; `value` is the last that made sense.

    A file that is broken or gone changes nothing: neither may a slip open a door, as an emptied
    deny list would, nor may it shut out everybody. To take an entry away, write the file without
    it. `error` says what is wrong now, None when nothing is. `was_read` tells whether `value`
    comes from the file at all.

    `parse` runs in a thread. It raises ValueError, whose text goes into the log and therefore
    repeats nothing of the file. `on_change` is told the old and the new value when they differ.
    """

    def __init__(
        self,
        path: Path,
        parse: Callable[[str], T],
        empty: T,
        on_change: Callable[[T, T], None] = _ignore,
        poll_s: float = POLL_S,
    ) -> None:
        self.value = empty
        self.error: str | None = "not read yet"
        self.was_read = False
        self._path = path
        self._parse = parse
        self._on_change = on_change
        self._poll_s = poll_s
        self._version: Version | None = None

    async def run(self) -> None:
        """Look at the file now and then until cancelled."""
        await repeat(str(self._path), self.load, lambda: self._poll_s)

    async def load(self) -> None:
        """Look at the file once."""
        try:
            version = await asyncio.to_thread(self._stat)
            if version == self._version:
                return
            content = await asyncio.to_thread(self._read)
        except OSError as error:
            # Permissions and mounts may change without a new version: look again each time.
            self._version = None
            self._complain(error.strerror or type(error).__name__, is_new=False)
            return
        try:
            value = await asyncio.to_thread(self._understand, content)
        except ValueError as error:
            self._complain(str(error), is_new=True)
        # Whatever a parser stumbles over, the file is wrong; the error's text may repeat it.
        except Exception as error:  # noqa: BLE001
            self._complain(f"not understood: {type(error).__name__}", is_new=True)
        else:
            self._use(value)
        # The version from before the reading: what is written in between is seen next time.
        self._version = version

    def _stat(self) -> Version:
        state = self._path.stat()
        # The inode too: Kubernetes swaps a link, and the time may stay within one tick.
        return state.st_mtime_ns, state.st_size, state.st_ino

    def _read(self) -> bytes:
        with self._path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)

    def _understand(self, content: bytes) -> T:
        if len(content) > MAX_FILE_BYTES:
            raise ValueError(f"more than {MAX_FILE_BYTES} bytes")
        try:
            text = content.decode()
        except UnicodeDecodeError:
            raise ValueError("not UTF-8 text") from None
        return self._parse(text)

    def _use(self, value: T) -> None:
        old, self.value = self.value, value
        self.error, self.was_read = None, True
        logger.info("file read", extra={"file": str(self._path)})
        if old != value:
            self._on_change(old, value)

    def _complain(self, complaint: str, *, is_new: bool) -> None:
        if is_new or complaint != self.error:
            logger.warning(
                "file not usable; what it said before counts on"
                if self.was_read
                else "file not usable, and it was not read before",
                extra={"file": str(self._path), "error": complaint},
            )
        self.error = complaint
