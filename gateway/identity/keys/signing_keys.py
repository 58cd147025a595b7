"""The keys that the gateway signs with: of the operator's files, or a ring of its own making."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.config.reading.private_file import read_private
from gateway.identity.keys.key_ring import RingKey, needs_new_key, signing_key, without_retired
from gateway.identity.keys.ring_file import (
    Version,
    make_key,
    parse_pem_key,
    read_pem_key,
    read_ring,
    version_of,
    write_ring,
)
from gateway.resilience.clocks import Clocks
from gateway.resilience.locked_folder import locked_folder
from gateway.resilience.repeat import repeat

logger = logging.getLogger(__name__)

POLL_S = 5.0


@dataclass(frozen=True, slots=True)
class SigningSettings:
    """Where keys are: in `files`, or in `state_file`, where a new one is made each `rotate_s`.

    A key in PEM form at `taken` joins the ring, and the file is gone.
    """

    name: str
    algorithm: str
    files: Sequence[Path]
    rotate_s: float
    state_file: Path
    taken: Path | None = None


class SigningKeys:
    """The ring of keys; `run` keeps it as the files and the time say."""

    def __init__(self, settings: SigningSettings, clocks: Clocks) -> None:
        self._settings = settings
        self._clocks = clocks
        self._keys: list[RingKey] = []
        self._version: tuple[Version, ...] | None = None

    def current(self) -> RingKey:
        """The key that signs now."""
        return self.at(self._clocks.wall())

    def at(self, now: float) -> RingKey:
        """The key that signs at a time."""
        return self._keys[0] if self._settings.files else signing_key(self._keys, now)

    def find(self, kid: str) -> RingKey | None:
        """The key of this name, None when it is not published any more."""
        return next((key for key in self._keys if key.kid == kid), None)

    def jwks(self) -> dict[str, object]:
        """The public JWK set: RFC 7517 §5."""
        return {"keys": [key.public() for key in self._keys]}

    async def run(self) -> None:
        """Look now and then until cancelled; what cannot be read changes nothing."""
        await repeat(self._settings.name, self.look_again, lambda: POLL_S)

    async def look_again(self) -> None:
        """Look once, in a thread; what cannot be read changes nothing."""
        try:
            await asyncio.to_thread(self.look)
        except (OSError, ValueError) as error:
            told = {"keys": self._settings.name, "error": str(error)}
            logger.warning("own keys not read", extra=told)

    def look(self) -> None:
        """Read what changed, and replace an own key that is due. Raises OSError, ValueError."""
        if self._settings.files:
            self._read_files(self._settings.files)
        else:
            self._rotate()

    def keep_until(self, kid: str, until: float) -> None:
        """Publish an own key for as long as what it signed lasts. Raises OSError, ValueError."""
        if self._settings.files:
            return
        with locked_folder(self._settings.state_file.parent):
            self._read_changed()
            self._write(
                [
                    replace(key, needed_until=max(key.needed_until, until))
                    if key.kid == kid
                    else key
                    for key in self._keys
                ]
            )

    def _read_files(self, files: Sequence[Path]) -> None:
        version = tuple(version_of(path) for path in files)
        if version != self._version:
            self._keys = [read_pem_key(path, self._settings.algorithm) for path in files]
            self._version = version

    def _rotate(self) -> None:
        self._settings.state_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._read_changed()
        if not self._is_due():
            return
        # Of all processes that see it at once, one makes the key and the others read it.
        with locked_folder(self._settings.state_file.parent):
            self._read_changed()
            if self._is_due():
                self._change()

    def _is_due(self) -> bool:
        now, taken = self._clocks.wall(), self._settings.taken
        return (
            (taken is not None and taken.exists())
            or needs_new_key(self._keys, now, self._settings.rotate_s)
            or len(without_retired(self._keys, now)) < len(self._keys)
        )

    def _change(self) -> None:
        now, taken = self._clocks.wall(), self._settings.taken
        keys = self._keys
        if taken is not None and taken.exists():
            # The first one signed already, since it was made; a further one is new here.
            created_at = now if keys else taken.stat().st_mtime
            given = parse_pem_key(taken, read_private(taken), self._settings.algorithm, created_at)
            if self.find(given.kid) is None:
                self._write(without_retired([*keys, given], now))
            taken.unlink()  # what is left there would come again after its time
        elif needs_new_key(keys, now, self._settings.rotate_s):
            made = make_key(self._settings.algorithm, now)
            self._write(without_retired([*keys, made], now))
        else:
            self._write(without_retired(keys, now))

    def _read_changed(self) -> None:
        path = self._settings.state_file
        if path.exists() and (version := (version_of(path),)) != self._version:
            self._keys = read_ring(path, self._settings.algorithm)
            self._version = version

    def _write(self, keys: Sequence[RingKey]) -> None:
        write_ring(self._settings.state_file, keys)
        self._read_changed()  # what is on disk counts
