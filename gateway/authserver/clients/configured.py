"""Clients that the operator wrote down."""

from collections.abc import Mapping

from gateway.authserver.clients.client import Client
from gateway.config.authorization_server import ConfiguredClient


class ConfiguredClients:
    """The clients of the configuration, by their ids."""

    def __init__(self, settings: Mapping[str, ConfiguredClient]) -> None:
        self._clients = {client_id: _build(client_id, each) for client_id, each in settings.items()}
        self._secrets = {
            client_id: each.client_secret.get_secret_value()
            for client_id, each in settings.items()
            if each.client_secret is not None
        }

    def secret_of(self, client_id: str) -> str | None:
        """The secret of a confidential one."""
        return self._secrets.get(client_id)

    async def find_client(self, client_id: str, now: float) -> Client | None:
        """The client; None for what is not in the configuration."""
        return self._clients.get(client_id)

    async def recall_client(self, client_id: str, now: float) -> Client | None:
        """The same."""
        return self._clients.get(client_id)


def _build(client_id: str, settings: ConfiguredClient) -> Client:
    return Client(
        client_id,
        "configured",
        settings.redirect_uris,
        settings.name or client_id,
        "none" if settings.client_secret is None else "client_secret_basic",
        frozenset(settings.grants),
        scopes=settings.scopes,
    )
