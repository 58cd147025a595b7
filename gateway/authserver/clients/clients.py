"""Finds a client by its id: each kind is asked in turn, and the first that knows it decides."""

from collections.abc import Sequence
from typing import Protocol

from gateway.authserver.clients.client import Client
from gateway.oauth.errors import InvalidClient

MAX_CLIENT_ID_CHARS = 4096
UNKNOWN = "The client is not known here; register it again."


class ClientSource(Protocol):
    """One way in which clients become known."""

    async def find_client(self, client_id: str, now: float) -> Client | None:
        """The client as it is now; may fetch. None = not of this kind.

        Raises `InvalidClient` for one of this kind that is bad.
        """
        ...

    async def recall_client(self, client_id: str, now: float) -> Client | None:
        """The same at the token endpoint, where nothing is fetched."""
        ...


class Clients:
    """All clients that the server knows."""

    def __init__(self, sources: Sequence[ClientSource]) -> None:
        self._sources = sources

    async def find_client(self, client_id: str, now: float) -> Client:
        """The client that a browser was sent by. Raises `InvalidClient`."""
        if len(client_id) <= MAX_CLIENT_ID_CHARS:
            for source in self._sources:
                client = await source.find_client(client_id, now)
                if client is not None:
                    return client
        raise InvalidClient(UNKNOWN)

    async def recall_client(self, client_id: str, now: float) -> Client:
        """The client that asks for a token. Raises `InvalidClient`."""
        if len(client_id) <= MAX_CLIENT_ID_CHARS:
            for source in self._sources:
                client = await source.recall_client(client_id, now)
                if client is not None:
                    return client
        raise InvalidClient(UNKNOWN)
