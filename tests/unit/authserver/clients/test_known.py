import pytest

from gateway.authserver.clients.client import Client
from gateway.authserver.clients.known import KnownClients, build_known_clients
from gateway.authserver.sealed_values import SealedValues
from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.config.authorization_server import ConfiguredClient
from gateway.oauth.client_authentication import PresentedClient
from gateway.oauth.errors import InvalidClient
from gateway.oauth.registration import parse_registration
from gateway.sealing.seal import Seal

KEY = bytes(range(32))
URL = "https://claude.example/client.json"
WITH_A_SECRET = parse_registration(
    {
        "redirect_uris": ["http://localhost/"],
        "token_endpoint_auth_method": "client_secret_basic",
    }
)


class Documents:
    """Knows one client by its URL, and says that it is called `desk` too."""

    async def find_client(self, client_id: str, now: float) -> Client | None:
        known = {URL, "desk"}
        return Client(client_id, "metadata_document") if client_id in known else None

    recall_client = find_client


def known_with(settings: Settings | None = None, key: bytes = KEY) -> KnownClients:
    sealed = SealedValues(Seal(KEY), "https://mcp.example")
    return build_known_clients(settings or Settings(), sealed, key, (Documents(),))


def registered(known: KnownClients) -> tuple[str, str]:
    assert known.registered is not None
    client_id, secret = known.registered.register(WITH_A_SECRET, 0.0)
    assert secret is not None
    return client_id, secret


async def test_every_kind_of_client_is_known_and_the_configured_ones_come_first() -> None:
    known = known_with(Settings(clients={"desk": ConfiguredClient()}))
    client_id, _ = registered(known)

    kinds = [(await known.clients.find_client(each, 0.0)).kind for each in ("desk", URL, client_id)]

    assert kinds == ["configured", "metadata_document", "registered"]
    with pytest.raises(InvalidClient):
        await known.clients.find_client("nobody", 0.0)


@pytest.mark.requirement("143", "F15")
async def test_secrets_are_made_of_a_key_of_their_own_and_the_same_after_a_restart() -> None:
    client_id, secret = registered(known_with())
    presented = PresentedClient(client_id, (secret,))

    found = await known_with().authenticator.authenticate(presented, 0.0)

    assert found.client_id == client_id
    assert KEY.hex() not in secret
    with pytest.raises(InvalidClient):
        await known_with(key=bytes(32)).authenticator.authenticate(presented, 0.0)


async def test_who_registered_before_registration_was_switched_off_goes_on() -> None:
    client_id, _ = registered(known_with())
    closed = known_with(Settings(dynamic_registration=False))

    assert closed.registered is None
    assert (await closed.clients.find_client(client_id, 0.0)).kind == "registered"


@pytest.mark.requirement("146")
def test_registrations_are_limited_unless_the_operator_says_otherwise() -> None:
    limited = known_with().registrations
    free = known_with(Settings(registrations_per_address=None)).registrations

    assert limited is not None
    assert (limited.times, limited.period_s) == (60, 3600.0)
    assert free is None


def test_ids_may_be_urls_where_documents_are_read() -> None:
    sealed = SealedValues(Seal(KEY), "https://mcp.example")

    assert known_with().metadata_documents
    assert not build_known_clients(Settings(), sealed, KEY).metadata_documents
