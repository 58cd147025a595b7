import secrets

import pytest

from gateway.authserver.clients.registered import RegisteredClients
from gateway.authserver.sealed_values import SealedValues
from gateway.oauth.errors import InvalidClientMetadata
from gateway.oauth.registration import Registration
from gateway.sealing.seal import Seal

VALUES = SealedValues(Seal(bytes(32)), "https://a.example")
TOLD = Registration(("http://localhost/cb",), "Name", "none", ("authorization_code",), "native")


@pytest.mark.requirement("F11")
async def test_id_says_all_to_whoever_has_the_key_for_ever() -> None:
    client_id, secret = RegisteredClients(VALUES, b"k").register(TOLD, 0.0)

    replica = RegisteredClients(SealedValues(Seal(bytes(32)), "https://a.example"), b"k")
    client = await replica.find_client(client_id, 1e10)

    assert secret is None
    assert client is not None
    assert (client.kind, client.name) == ("registered", "Name")
    assert client.redirect_uris == TOLD.redirect_uris
    assert client.grant_types == {"authorization_code"}
    assert await replica.recall_client(client_id, 1e10) == client


@pytest.mark.requirement("151")
def test_ids_are_short_and_each_another() -> None:
    clients = RegisteredClients(VALUES, b"k")
    ids = {clients.register(TOLD, 0.0)[0] for _ in range(5)}

    assert len(ids) == 5
    assert max(map(len, ids)) < 200


async def test_id_of_another_key_is_nobodys() -> None:
    other = RegisteredClients(SealedValues(Seal(bytes(31) + b"x"), "https://a.example"), b"k")
    client_id, _ = other.register(TOLD, 0.0)

    assert await RegisteredClients(VALUES, b"k").find_client(client_id, 0.0) is None


def test_long_registration_is_refused() -> None:
    uris = tuple(f"https://a.example/{secrets.token_hex(200)}" for _ in range(10))
    told = Registration(uris, None, "none", ("authorization_code",), "web")

    with pytest.raises(InvalidClientMetadata):
        RegisteredClients(VALUES, b"k").register(told, 0.0)
