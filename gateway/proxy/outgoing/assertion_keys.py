"""The keys that assertions are signed with: of files, or of the gateway's own making."""

import asyncio
import json
import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from gateway.config.model import AssertionKeys as AssertionKeysSection
from gateway.config.reading.private_file import NotPrivate, read_private
from gateway.errors import ConfigError
from gateway.resilience.clocks import Clocks
from gateway.resilience.repeat import repeat
from gateway.sealing.key_ring import RingKey, needs_new_key, signing_key, without_retired

logger = logging.getLogger(__name__)

KEY_FILE = "assertion-keys.json"
PATH = "/.well-known/mcpgw/assertion-keys.json"
POLL_S = 5.0
_CURVES = {"ES256": "P-256", "EdDSA": "Ed25519"}
_CLASSES: Mapping[str, type[ECKey | OKPKey]] = {"ES256": ECKey, "EdDSA": OKPKey}

Version = tuple[tuple[int, int, int], ...]


class AssertionKeys:
    """The ring of keys; `run` keeps it as the files and the time say."""

    def __init__(self, settings: AssertionKeysSection, state_dir: Path, clocks: Clocks) -> None:
        self._settings = settings
        self._state_file = state_dir / KEY_FILE
        self._clocks = clocks
        self._keys: list[RingKey] = []
        self._version: Version | None = None

    @classmethod
    def load(cls, settings: AssertionKeysSection, state_dir: Path, clocks: Clocks) -> Self:
        """Read the keys, and make the first one where they are the gateway's own.

        Raises `ConfigError` that says what to do when they cannot be used.
        """
        keys = cls(settings, state_dir, clocks)
        try:
            keys.look()
        except (OSError, ValueError) as error:
            raise ConfigError(f"assertion keys: {error}") from error
        return keys

    def current(self) -> RingKey:
        """The key that signs now."""
        if self._settings.files:
            return self._keys[0]
        return signing_key(self._keys, self._clocks.wall())

    def jwks(self) -> dict[str, object]:
        """The public JWK set: RFC 7517 §5."""
        return {"keys": [key.public() for key in self._keys]}

    async def run(self) -> None:
        """Look now and then until cancelled; what cannot be read changes nothing."""
        await repeat("assertion keys", self._look_again, lambda: POLL_S)

    async def _look_again(self) -> None:
        try:
            await asyncio.to_thread(self.look)
        except (OSError, ValueError) as error:
            logger.warning("assertion keys not read", extra={"error": str(error)})

    def look(self) -> None:
        """Read what changed, and replace an own key that is due. Raises OSError, ValueError."""
        if self._settings.files:
            self._read_files(self._settings.files)
        else:
            self._rotate()

    def _read_files(self, files: Sequence[Path]) -> None:
        version = tuple(_version(path) for path in files)
        if version != self._version:
            self._keys = [read_pem_key(path, self._settings.algorithm) for path in files]
            self._version = version

    def _rotate(self) -> None:
        path = self._state_file
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists() and (_version(path),) != self._version:
            self._keys = _read_ring(path, self._settings.algorithm)
            self._version = (_version(path),)
        now = self._clocks.wall()
        if not needs_new_key(self._keys, now, self._settings.rotate):
            return
        made = _make_key(self._settings.algorithm, now)
        kept = without_retired([*self._keys, made], now)
        _write_ring(path, kept, is_first=not self._keys)
        # What is on disk counts: another process may have been faster.
        self._keys = _read_ring(path, self._settings.algorithm)
        self._version = (_version(path),)


def _make_key(algorithm: str, now: float) -> RingKey:
    is_ec = algorithm == "ES256"
    key = ECKey.generate_key("P-256") if is_ec else OKPKey.generate_key("Ed25519")
    return RingKey(key.thumbprint(), algorithm, now, key)


def read_pem_key(path: Path, algorithm: str) -> RingKey:
    """Read a private key. Raises OSError and ValueError, whose text names the file."""
    try:
        key = _CLASSES[algorithm].import_key(path.read_bytes())
    except (ValueError, TypeError, JoseError) as error:  # TypeError: it needs a password
        raise ValueError(f"{path}: not a private key in PEM form for {algorithm}") from error
    if not key.is_private or key.curve_name != _CURVES[algorithm]:
        raise ValueError(f"{path}: not a private {_CURVES[algorithm]} key")
    return RingKey(key.thumbprint(), algorithm, 0.0, key)


def _read_ring(path: Path, algorithm: str) -> list[RingKey]:
    try:
        content = read_private(path)
    except NotPrivate as error:
        raise ValueError(f"{error}\nOr delete the file: new keys are made.") from error
    try:
        return [
            RingKey(each["kid"], algorithm, float(each["created_at"]), _import(each, algorithm))
            for each in json.loads(content)["keys"]
            if each["alg"] == algorithm
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: damaged. Delete the file: new keys are made.") from error


def _import(member: Mapping[str, str], algorithm: str) -> ECKey | OKPKey:
    names = ("kty", "crv", "x", "y", "d")
    try:
        return _CLASSES[algorithm].import_key({n: member[n] for n in names if n in member})
    except JoseError as error:
        raise ValueError("not a private key") from error


def _write_ring(path: Path, keys: Sequence[RingKey], *, is_first: bool) -> None:
    """Put the file there as a whole, readable by its owner only.

    Of two processes that make the first keys at the same time, one wins: both sign at once.
    """
    content = {
        "keys": [
            {**key.key.as_dict(private=True), "kid": key.kid, "alg": key.algorithm}
            | {"created_at": key.created_at}
            for key in keys
        ]
    }
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".assertion-keys-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        if is_first and not path.exists():
            os.link(temporary, path)
        elif not is_first:
            os.replace(temporary, path)
    except FileExistsError:
        pass
    finally:
        Path(temporary).unlink(missing_ok=True)


def _version(path: Path) -> tuple[int, int, int]:
    state = path.stat()
    return (state.st_mtime_ns, state.st_size, state.st_ino)
