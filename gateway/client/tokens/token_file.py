"""The file of logins: private to one user, written whole, shared by all its processes."""

import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from gateway.client.failure import ClientFailure
from gateway.client.tokens.logins import Login, build_token_file, parse_token_file

LOCK_LIMIT_S = 60.0  # longer than an exchange may take
_POLL_S = 0.02
_MAX_BYTES = 16 * 1024 * 1024


def state_folder(environ: Mapping[str, str]) -> Path:
    """Where a user's programs keep state: XDG Base Directory, `XDG_STATE_HOME`."""
    given = environ.get("XDG_STATE_HOME", "")
    # The standard says that a relative path counts as none.
    base = Path(given) if os.path.isabs(given) else Path.home() / ".local" / "state"
    return base / "mcpgw"


class TokenFile:
    """All logins of one user. Every method raises `ClientFailure` for what the system refuses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder / "tokens.json"

    def read(self) -> Sequence[Login]:
        """All logins; none where nobody logged in yet."""
        with self._explained():
            try:
                with self.path.open("rb") as file:
                    self._check_owner(file.fileno())
                    text = file.read(_MAX_BYTES)
            except FileNotFoundError:
                return ()
        try:
            return parse_token_file(text)
        except ValueError as error:
            raise ClientFailure(
                f"{self.path} cannot be read ({error}); move it away and log in again"
            ) from error

    def change(self, change: Callable[[Sequence[Login]], Sequence[Login]]) -> None:
        """Replace the logins by what `change` makes of them, while no other process does."""
        with self._explained(), self._lock(".file"):
            self._replace(build_token_file(change(self.read())))

    @contextmanager
    def exchanging(self, key: tuple[str, str]) -> Iterator[None]:
        """Hold the right to renew one login: of many processes, one at a time.

        Other logins can be renewed meanwhile: their issuer is not the one that is slow.
        """
        digest = hashlib.sha256("\n".join(key).encode()).hexdigest()[:32]
        with self._explained(), self._lock(f".{digest}"):
            yield

    @contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The lock file stays: who removes one lets two processes hold "the" lock.
        handle = os.open(self._folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._wait_for(handle)
            yield
        finally:
            os.close(handle)

    def _wait_for(self, handle: int) -> None:
        ends_at = time.monotonic() + LOCK_LIMIT_S
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > ends_at:
                    raise ClientFailure(
                        "another mcpgw has been renewing this token for a minute; try again"
                    ) from None
                time.sleep(_POLL_S)

    def _replace(self, text: str) -> None:
        # mkstemp makes it 0600; a reader sees the old file or the new one, never half of it.
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".tokens-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path)
        except BaseException:
            os.unlink(temporary)
            raise

    def _check_owner(self, handle: int) -> None:
        status = os.fstat(handle)
        if status.st_uid != os.geteuid():
            raise ClientFailure(f"{self.path} belongs to another user; it is not used")
        if status.st_mode & 0o077:
            raise ClientFailure(f"others may read {self.path}: run `chmod 600 {self.path}`")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ClientFailure(f"{error.filename or self.path}: {error.strerror}") from error
