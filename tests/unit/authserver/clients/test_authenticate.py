import pytest

from gateway.authserver.clients.authenticate import ClientAuthenticator
from gateway.authserver.clients.known import build_known_clients
from gateway.authserver.sealed_values import SealedValues
from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.config.authorization_server import ConfiguredClient
from gateway.oauth.client_authentication import PresentedClient
from gateway.oauth.errors import InvalidClient
from gateway.oauth.registration import parse_registration
from gateway.sealing.seal import Seal

SECRET = "s" * 32
CLIENTS = {
    "api": ConfiguredClient.model_validate({"client_secret": SECRET}),
    "desk": ConfiguredClient(),
}
KNOWN = build_known_clients(Settings(clients=CLIENTS), SealedValues(Seal(bytes(32)), "i"), b"k")
AUTHENTICATOR: ClientAuthenticator = KNOWN.authenticator


async def test_configured_clients_show_what_they_have() -> None:
    api = await AUTHENTICATOR.authenticate(PresentedClient("api", ("other", SECRET)), 0.0)
    desk = await AUTHENTICATOR.authenticate(PresentedClient("desk"), 0.0)

    assert (api.is_public, desk.is_public) == (False, True)


@pytest.mark.requirement("143", "F15")
async def test_secret_of_a_registered_client_is_its_own() -> None:
    assert KNOWN.registered is not None
    document = {
        "redirect_uris": ["http://localhost/"],
        "token_endpoint_auth_method": "client_secret_basic",
    }
    client_id, secret = KNOWN.registered.register(parse_registration(document), 0.0)
    _, other = KNOWN.registered.register(parse_registration(document), 0.0)
    assert secret is not None
    assert other is not None

    found = await AUTHENTICATOR.authenticate(PresentedClient(client_id, (secret,)), 0.0)

    assert found.client_id == client_id
    assert len(secret) == 43
    with pytest.raises(InvalidClient):
        await AUTHENTICATOR.authenticate(PresentedClient(client_id, (other,)), 0.0)


@pytest.mark.requirement("F15")
@pytest.mark.parametrize(
    "presented",
    [
        PresentedClient("api"),
        PresentedClient("api", ("wrong",)),
        PresentedClient("api", (SECRET[:-1],)),
        PresentedClient("desk", ("x",)),
        PresentedClient("unknown"),
        PresentedClient("unknown", (SECRET,)),
    ],
)
async def test_all_others_are_refused_in_the_same_words(presented: PresentedClient) -> None:
    with pytest.raises(InvalidClient) as unknown:
        await AUTHENTICATOR.authenticate(PresentedClient("nobody"), 0.0)
    with pytest.raises(InvalidClient) as refused:
        await AUTHENTICATOR.authenticate(presented, 0.0)

    assert refused.value.description == unknown.value.description
