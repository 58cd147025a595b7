"""The key that sessions and endpoints are sealed with: configured, or made once and kept."""

import logging
import os
from pathlib import Path

from gateway.config.model import Config
from gateway.config.reading.private_file import NotPrivate, read_private
from gateway.errors import ConfigError

KEY_FILE = "sealing.key"
KEY_BYTES = 32

logger = logging.getLogger(__name__)


def sealing_key(config: Config) -> bytes:
    """The configured key, else that in `state_dir`, which the first start makes.

    Where nothing can be written the key lasts as long as the process, and sessions with it.
    Raises `ConfigError` for a file that is no key, or that others may have read or written.
    """
    if config.sealing_key is not None:
        return config.sealing_key
    path = config.state_dir / KEY_FILE
    try:
        config.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _create(path)
    except OSError as error:
        logger.warning(
            "sessions end with this process: the key cannot be kept",
            extra={"path": str(path), "error": error.strerror},
        )
        return os.urandom(KEY_BYTES)
    return _read(path)


def _create(path: Path) -> None:
    """Make the file unless it is there; a reader never sees a part of it."""
    if path.exists():
        return
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, os.urandom(KEY_BYTES))
    finally:
        os.close(descriptor)
    try:
        os.link(fresh, path)  # of two that start at once, the first wins
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _read(path: Path) -> bytes:
    try:
        key = read_private(path)
    except NotPrivate as error:
        raise ConfigError(str(error)) from error
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{path}: not a key of {KEY_BYTES} bytes; remove it to make a new one")
    return key
