import json
from pathlib import Path

import pytest

from gateway.authserver.clients.pinned_documents import read_pinned_documents
from gateway.errors import ConfigError

URL = "https://docs.example/client.json"


def _write(path: Path, **members: object) -> Path:
    document: dict[str, object] = {"client_id": URL, "client_name": "Pinned"}
    document |= {"redirect_uris": ["http://127.0.0.1/callback"], **members}
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_a_pinned_document_is_a_client_like_a_fetched_one(tmp_path: Path) -> None:
    clients = read_pinned_documents({URL: _write(tmp_path / "client.json")})

    client = clients[URL]
    assert (client.kind, client.name, client.verified_host) == (
        "metadata_document", "Pinned", "docs.example",
    )  # fmt: skip


def test_all_mistakes_are_told_together(tmp_path: Path) -> None:
    large = _write(tmp_path / "large.json", padding="x" * 9000)
    files = {
        URL: large,
        "https://docs.example/other": _write(tmp_path / "other.json"),
        "http://docs.example/plain": _write(tmp_path / "plain.json"),
        "https://docs.example/gone": tmp_path / "gone.json",
    }

    with pytest.raises(ConfigError) as caught:
        read_pinned_documents(files)

    large_told, other, plain, gone = str(caught.value).splitlines()
    assert "more than 5120 bytes" in large_told
    assert "not the URL" in other
    assert "not https" in plain
    assert gone.endswith("gone.json: No such file or directory")
