import secrets

import pytest

from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.store.memory import MemoryStore
from tests.support.authorization_server import Setting, Site, running_authorization_server
from tests.support.login_pages import OAuthClient

JSON = {"Content-Type": "application/json"}


class WriteOnceStore(MemoryStore):
    """Tells whether anything was kept."""

    kept = 0

    async def add(self, kind: str, key: str, value: bytes, expires_at: float | None) -> bool:
        self.kept += 1
        return await super().add(kind, key, value, expires_at)


@pytest.mark.requirement("69", "144", "151")
async def test_client_gets_an_id_that_is_no_url_and_all_that_it_registered(site: Site) -> None:
    client = site.client()

    status, answer = await client.register(logo_uri="https://evil.example/x", unknown=1)

    assert status == 201
    assert answer["redirect_uris"] == [client.redirect_uri]
    assert answer["client_name"] == "By hand"
    assert answer["application_type"] == "native"
    assert "client_secret" not in answer
    assert "unknown" not in answer
    assert not str(answer["client_id"]).startswith("http")
    assert len(str(answer["client_id"])) < 250


@pytest.mark.requirement("146", "F11", "F19")
async def test_flood_of_registrations_stores_nothing_and_meets_a_limit() -> None:
    store = WriteOnceStore()
    settings = Settings.model_validate({"registrations_per_address": "10/h"})
    async with running_authorization_server(Setting(settings, store)) as site:
        told = [(await site.client().register())[0] for _ in range(12)]
        site.clock.advance(3600)
        later, _ = await site.client().register()

    assert told == [201] * 10 + [429] * 2
    assert later == 201
    assert store.kept == 0


@pytest.mark.requirement("144", "145", "F11")
@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"{", "invalid_client_metadata"),
        (b"[]", "invalid_client_metadata"),
        (
            b'{"redirect_uris":["https://a"],"redirect_uris":["https://b"]}',
            "invalid_client_metadata",
        ),
        (b'{"redirect_uris":["javascript:alert(1)"]}', "invalid_redirect_uri"),
        (b"{}", "invalid_redirect_uri"),
    ],
)
async def test_bad_registration_is_refused_with_its_code(
    site: Site, body: bytes, error: str
) -> None:
    status, answer = await site.post("/register", body, JSON)

    assert (status, answer["error"]) == (400, error)
    assert ("register", error) in site.steps


@pytest.mark.requirement("146", "F11")
async def test_megabyte_of_metadata_is_not_even_read(site: Site) -> None:
    status, answer = await site.post("/register", b"x" * 1024 * 1024, JSON)

    assert (status, answer["error"]) == (413, "body_too_large")


@pytest.mark.requirement("F11")
async def test_what_makes_a_long_id_is_refused(site: Site) -> None:
    uris = [f"https://a.example/{secrets.token_hex(200)}" for _ in range(10)]

    status, answer = await site.client().register(redirect_uris=uris)

    assert (status, answer["error"]) == (400, "invalid_client_metadata")


async def test_registration_that_is_off_is_not_there() -> None:
    setting = Setting(Settings(dynamic_registration=False))
    async with running_authorization_server(setting) as closed:
        status, _ = await OAuthClient(closed.issuer).register()

    assert status == 404


async def test_body_must_be_json(site: Site) -> None:
    status, answer = await site.post("/register", b"{}", {"Content-Type": "text/plain"})

    assert (status, answer["error"]) == (400, "invalid_client_metadata")
