from gateway.authserver.clients.configured import ConfiguredClients
from gateway.config.authorization_server import ConfiguredClient

CLIENTS = ConfiguredClients(
    {
        "api": ConfiguredClient.model_validate({"client_secret": "s", "scopes": ["read"]}),
        "desk": ConfiguredClient(name="Desk", redirect_uris=("https://a.example/cb",)),
    }
)


async def test_client_is_as_it_was_written_down() -> None:
    api, desk = await CLIENTS.find_client("api", 0), await CLIENTS.recall_client("desk", 0)

    assert api is not None
    assert desk is not None
    assert (api.name, api.is_public, api.scopes) == ("api", False, frozenset({"read"}))
    assert (desk.name, desk.is_public, desk.scopes) == ("Desk", True, None)
    assert CLIENTS.secret_of("api") == "s"
    assert CLIENTS.secret_of("desk") is None


async def test_every_other_id_is_nobodys() -> None:
    assert await CLIENTS.find_client("other", 0) is None
