from dataclasses import dataclass

import pytest

from gateway.authserver.clients.client import Client
from gateway.authserver.clients.clients import MAX_CLIENT_ID_CHARS, Clients
from gateway.oauth.errors import InvalidClient


@dataclass(frozen=True)
class One:
    """Knows one client."""

    client: Client

    async def find_client(self, client_id: str, now: float) -> Client | None:
        return self.client if client_id == self.client.client_id else None

    recall_client = find_client


FIRST = Client("one", "configured", name="first")
CLIENTS = Clients([One(FIRST), One(Client("one", "registered")), One(Client("two", "registered"))])


async def test_first_source_that_knows_a_client_decides() -> None:
    assert await CLIENTS.find_client("one", 0) is FIRST
    assert (await CLIENTS.recall_client("two", 0)).kind == "registered"


@pytest.mark.parametrize("client_id", ["", "three", "x" * (MAX_CLIENT_ID_CHARS + 1)])
async def test_client_that_nobody_knows_is_invalid(client_id: str) -> None:
    with pytest.raises(InvalidClient) as refused:
        await CLIENTS.find_client(client_id, 0)
    with pytest.raises(InvalidClient):
        await CLIENTS.recall_client(client_id, 0)

    assert refused.value.status == 401
