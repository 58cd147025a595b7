"""Where the file of local accounts is."""

from pathlib import Path

from gateway.config.model import Config

ACCOUNTS_FILE = "accounts.yaml"


def accounts_path(config: Config) -> Path:
    """The configured file, else one in `state_dir`."""
    configured = config.authorization_server and config.authorization_server.accounts.file
    return configured or config.state_dir / ACCOUNTS_FILE
