"""A bearer token in a file that somebody else renews, as Kubernetes does for pods."""

import re
from pathlib import Path

from gateway.errors import IdentityUnavailable

MAX_TOKEN_BYTES = 64 * 1024
_SENDABLE = re.compile(rb"[\x21-\x7e]+")
_BLANK = b" \t\r\n"


class BearerFile:
    """The token of a file, read again when the file changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version: tuple[int, int, int] | None = None
        self._token = ""

    def header(self) -> dict[str, str]:
        """The Authorization header. Raises `IdentityUnavailable` when there is no usable token."""
        try:
            state = self._path.stat()
            version = (state.st_mtime_ns, state.st_size, state.st_ino)
            if version != self._version:
                self._token = self._read()
                self._version = version
        except (OSError, ValueError) as error:
            raise IdentityUnavailable("The gateway's own token cannot be read.") from error
        return {"Authorization": f"Bearer {self._token}"}

    def _read(self) -> str:
        with self._path.open("rb") as file:
            content = file.read(MAX_TOKEN_BYTES + 1)
        token = content.strip(_BLANK)
        if len(content) > MAX_TOKEN_BYTES or not _SENDABLE.fullmatch(token):
            raise ValueError(f"{self._path} does not hold one token")
        return token.decode("ascii")
