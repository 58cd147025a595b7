"""Private keys in files: single ones in PEM, and the file of a ring of the gateway's own."""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from gateway.config.reading.private_file import NotPrivate, read_private
from gateway.identity.keys.key_ring import RingKey

_CURVES = {"ES256": "P-256", "EdDSA": "Ed25519"}
_CLASSES: Mapping[str, type[ECKey | OKPKey]] = {"ES256": ECKey, "EdDSA": OKPKey}

Version = tuple[int, int, int]


def make_key(algorithm: str, now: float) -> RingKey:
    """Make a new key."""
    is_ec = algorithm == "ES256"
    key = ECKey.generate_key("P-256") if is_ec else OKPKey.generate_key("Ed25519")
    return RingKey(key.thumbprint(), algorithm, now, key)


def read_pem_key(path: Path, algorithm: str) -> RingKey:
    """Read a private key. Raises OSError and ValueError, whose text names the file."""
    return parse_pem_key(path, path.read_bytes(), algorithm, 0.0)


def parse_pem_key(path: Path, content: bytes, algorithm: str, created_at: float) -> RingKey:
    """Read what a file holds. Raises ValueError, whose text names the file."""
    try:
        key = _CLASSES[algorithm].import_key(content)
    except (ValueError, TypeError, JoseError) as error:  # TypeError: it needs a password
        raise ValueError(f"{path}: not a private key in PEM form for {algorithm}") from error
    if not key.is_private or key.curve_name != _CURVES[algorithm]:
        raise ValueError(f"{path}: not a private {_CURVES[algorithm]} key")
    return RingKey(key.thumbprint(), algorithm, created_at, key)


def read_ring(path: Path, algorithm: str) -> list[RingKey]:
    """Read the keys of a ring. Raises OSError and ValueError, whose text says what to do."""
    try:
        content = read_private(path)
    except NotPrivate as error:
        raise ValueError(
            f"{error}\nIf somebody may have copied it, delete it instead: new keys are made."
        ) from error
    try:
        return [
            RingKey(
                each["kid"],
                algorithm,
                float(each["created_at"]),
                _import(each, algorithm),
                float(each.get("needed_until", 0.0)),
            )
            for each in json.loads(content)["keys"]
            if each["alg"] == algorithm
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: damaged. Delete the file: new keys are made.") from error


def write_ring(path: Path, keys: Sequence[RingKey]) -> None:
    """Put the file there as a whole, readable by its owner only."""
    content = {
        "keys": [
            {**key.key.as_dict(private=True), "kid": key.kid, "alg": key.algorithm}
            | {"created_at": key.created_at, "needed_until": key.needed_until}
            for key in keys
        ]
    }
    # mkstemp makes it 0600.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def version_of(path: Path) -> Version:
    """Something that differs after every change. Raises OSError."""
    state = path.stat()
    # The inode too: an atomic replacement within one tick keeps the time of the old file.
    return (state.st_mtime_ns, state.st_size, state.st_ino)


def _import(member: Mapping[str, str], algorithm: str) -> ECKey | OKPKey:
    names = ("kty", "crv", "x", "y", "d")
    try:
        return _CLASSES[algorithm].import_key({n: member[n] for n in names if n in member})
    except JoseError as error:
        raise ValueError("not a private key") from error
