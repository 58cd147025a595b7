"""Where the file of local accounts is."""

from pathlib import Path

import pytest

from gateway.authserver.accounts.place import accounts_path
from tests.support.config_text import load_text

CONFIG = "public_url: http://localhost:8080\nupstream: http://127.0.0.1:9000/mcp\nissuer: local\n"


@pytest.mark.parametrize(
    ("section", "path"),
    [
        ("", "folder/accounts.yaml"),
        ("authorization_server: {}\n", "folder/accounts.yaml"),
        ("authorization_server: {accounts: {file: people.yaml}}\n", "people.yaml"),
    ],
)
def test_it_is_the_configured_file_or_one_in_the_state(section: str, path: str) -> None:
    config = load_text(f"{CONFIG}state_dir: folder\nallow: any\n{section}")

    assert accounts_path(config).name == Path(path).name
    assert accounts_path(config).parent.name == Path(path).parent.name or path == "people.yaml"
