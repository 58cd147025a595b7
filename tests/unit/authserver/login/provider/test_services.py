from gateway.config.authorization_server import AuthorizationServer as Settings
from tests.support.authorization_server import Setting, running_authorization_server
from tests.support.issuer_service import Scene
from tests.support.login_pages import PersonsBrowser
from tests.support.login_provider import HandProvider


async def test_configured_endpoints_win_over_those_of_the_metadata(
    browser: PersonsBrowser, provider: HandProvider
) -> None:
    provider.service.scenes["/elsewhere"] = provider.service.scenes.pop("/token")
    elsewhere = provider.settings(token_url=f"{provider.issuer}/elsewhere")
    async with running_authorization_server(Setting(Settings(provider=elsewhere))) as site:
        client = await site.registered()
        page = await browser.consent(client.authorize_url())
        back = await browser.open(provider.callback(page.goes_to))

    assert "code" in back.answer
    assert provider.service.count("/elsewhere") == 1


async def test_login_waits_for_no_provider_that_is_away_and_begins_when_it_is_back(
    browser: PersonsBrowser, provider: HandProvider
) -> None:
    known = provider.service.scenes.pop("/.well-known/openid-configuration")
    settings = provider.settings(jwks={"cooldown": "1ms"})
    async with running_authorization_server(Setting(Settings(provider=settings))) as site:
        client = await site.registered()
        away = await browser.consent(client.authorize_url())
        provider.service.scenes["/.well-known/openid-configuration"] = known
        site.clock.advance(1)
        back = await browser.consent(client.authorize_url())

    assert (away.status, away.goes_to) == (503, "")
    assert back.goes_to.startswith(provider.issuer)


async def test_keys_that_change_at_the_provider_are_found(
    browser: PersonsBrowser, provider: HandProvider
) -> None:
    known = provider.service.scenes["/jwks"]
    provider.service.scenes["/jwks"] = Scene({"keys": []})
    settings = provider.settings(jwks={"cooldown": "1ms"})
    async with running_authorization_server(Setting(Settings(provider=settings))) as site:
        client = await site.registered()
        page = await browser.consent(client.authorize_url())
        provider.service.scenes["/jwks"] = known
        site.clock.advance(1)
        back = await browser.open(provider.callback(page.goes_to))

    assert "code" in back.answer
