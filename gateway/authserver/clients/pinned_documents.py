"""Copies of clients' metadata documents that the operator ships, for hosts that reach nobody."""

from collections.abc import Mapping
from pathlib import Path

from gateway.authserver.clients.client import Client
from gateway.authserver.clients.document_fetch import read_document
from gateway.errors import ConfigError
from gateway.oauth.client_id_metadata import MAX_DOCUMENT_BYTES
from gateway.oauth.errors import InvalidClient


def read_pinned_documents(files: Mapping[str, Path]) -> Mapping[str, Client]:
    """The clients, by the URLs that are their ids. Raises `ConfigError` that lists all mistakes."""
    clients: dict[str, Client] = {}
    problems: list[str] = []
    for client_id, path in files.items():
        try:
            with path.open("rb") as file:
                clients[client_id] = read_document(file.read(MAX_DOCUMENT_BYTES + 1), client_id)
        except OSError as error:
            problems.append(f"{path}: {error.strerror}")
        except InvalidClient as error:
            problems.append(f"{path}: {error.description}")
    if problems:
        raise ConfigError("\n".join(problems))
    return clients
