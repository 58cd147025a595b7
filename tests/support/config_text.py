"""A configuration from its text, as the gateway reads it from a file."""

from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.config.load import load_config
from gateway.config.model import Config


def load_text(text: str) -> Config:
    """Read it. Raises `ConfigError`."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(text, encoding="utf-8")
        return load_config(path, {})
