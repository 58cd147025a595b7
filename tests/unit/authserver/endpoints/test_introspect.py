from collections.abc import AsyncIterator

import pytest

from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.config.authorization_server import ConfiguredClient
from tests.support.authorization_server import Setting, Site, running_authorization_server
from tests.support.login_pages import OAuthClient, PersonsBrowser

SECRET = "s" * 32
API = ConfiguredClient.model_validate({"client_secret": SECRET})


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running_authorization_server(Setting(Settings(clients={"api": API}))) as running:
        yield running


async def access_token(site: Site, browser: PersonsBrowser) -> tuple[OAuthClient, str]:
    client = await site.registered()
    page = await browser.log_in(client.authorize_url())
    _, tokens = await client.exchange(page.answer["code"])
    return client, str(tokens["access_token"])


async def test_configured_client_learns_what_a_token_says(
    site: Site, browser: PersonsBrowser
) -> None:
    """RFC 7662 §2.2."""
    client, token = await access_token(site, browser)

    status, told, _ = await OAuthClient(site.issuer, "api", SECRET).post("/introspect", token=token)

    assert status == 200
    assert told["active"] is True
    assert told["sub"] == "ada"
    assert told["client_id"] == client.client_id
    assert told["aud"] == f"{site.issuer}/mcp"
    assert "email" not in told


async def test_token_that_does_not_count_is_not_active_and_nothing_else(
    site: Site, browser: PersonsBrowser
) -> None:
    client, token = await access_token(site, browser)
    api = OAuthClient(site.issuer, "api", SECRET)
    forged = await api.post("/introspect", token=token[:-4] + "AAAA")
    await client.post("/revoke", token=token)
    revoked = await api.post("/introspect", token=token)
    _, fresh = await access_token(site, browser)
    site.clock.advance(3600)
    expired = await api.post("/introspect", token=fresh)

    assert [told for _, told, _ in (forged, revoked, expired)] == [{"active": False}] * 3


async def test_whoever_registered_learns_nothing(site: Site, browser: PersonsBrowser) -> None:
    """RFC 7662 §4."""
    client, token = await access_token(site, browser)

    public = await client.post("/introspect", token=token)
    wrong = await OAuthClient(site.issuer, "api", "x").post("/introspect", token=token)

    assert (public[0], public[1]["error"]) == (400, "unauthorized_client")
    assert (wrong[0], wrong[1]["error"]) == (401, "invalid_client")


@pytest.mark.requirement("F15")
async def test_secret_that_came_of_registration_opens_no_token(
    site: Site, browser: PersonsBrowser
) -> None:
    """RFC 7662 §4: else whoever finds a token could register, and ask what it says."""
    _, token = await access_token(site, browser)
    stranger = await site.registered(token_endpoint_auth_method="client_secret_post")  # noqa: S106

    status, told, _ = await stranger.post("/introspect", token=token)

    assert (status, told["error"]) == (400, "unauthorized_client")
    assert "active" not in told


@pytest.mark.requirement("F15")
async def test_configured_client_without_a_secret_opens_no_token(browser: PersonsBrowser) -> None:
    """RFC 7662 §2.1: whoever knows its name could ask."""
    desk = ConfiguredClient.model_validate({"redirect_uris": ["http://127.0.0.1/cb"]})
    async with running_authorization_server(Setting(Settings(clients={"desk": desk}))) as site:
        _, token = await access_token(site, browser)

        status, told, _ = await OAuthClient(site.issuer, "desk").post("/introspect", token=token)

    assert (status, told["error"]) == (400, "unauthorized_client")
    assert "active" not in told
