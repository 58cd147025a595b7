import pytest

from gateway.authserver.login.provider.grant import ProviderGrant
from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.identity.token.compact import parse_compact
from tests.support.authorization_server import Setting, Site, running_authorization_server
from tests.support.issuer_service import Scene
from tests.support.login_pages import OAuthClient, PersonsBrowser
from tests.support.login_provider import HandProvider

RECHECK_S, MAX_STALE_S = 900, 3600


async def logged_in(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> tuple[OAuthClient, str]:
    """A client, and its refresh token."""
    client = await site.registered()
    page = await browser.consent(client.authorize_url())
    back = await browser.open(provider.callback(page.goes_to))
    _, answer = await client.exchange(back.answer["code"])
    return client, str(answer["refresh_token"])


def later(site: Site, provider: HandProvider, seconds: float) -> None:
    site.clock.advance(seconds)
    provider.now += seconds


async def test_provider_is_not_asked_again_within_recheck(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    client, token = await logged_in(site, browser, provider)
    later(site, provider, RECHECK_S - 1)

    status, _ = await client.refresh(token)

    assert status == 200
    assert provider.service.count("/token") == 1


async def test_refresh_brings_what_the_provider_says_now(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    client, token = await logged_in(site, browser, provider)
    provider.claims = {"groups": ["sales"], "email_verified": False}
    later(site, provider, RECHECK_S)

    status, answer = await client.refresh(token)

    claims = parse_compact(str(answer["access_token"])).claims
    assert status == 200
    assert claims["groups"] == ["sales"]
    assert "email" not in claims


async def test_person_who_was_disabled_at_the_provider_loses_the_login(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    client, token = await logged_in(site, browser, provider)
    provider.disabled = True
    later(site, provider, RECHECK_S)

    status, answer = await client.refresh(token)

    assert (status, answer["error"]) == (400, "invalid_grant")
    assert site.steps[-1] == ("refresh", "provider_ended")
    assert len(site.voided) == 1


async def test_outage_of_the_provider_voids_nothing(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    client, token = await logged_in(site, browser, provider)
    known = provider.service.scenes["/token"]
    provider.service.scenes["/token"] = Scene(status=503)
    later(site, provider, MAX_STALE_S)
    away, _ = await client.refresh(token)
    provider.service.scenes["/token"] = known
    later(site, provider, 60)

    back, _ = await client.refresh(token)

    assert (away, back, site.voided) == (503, 200, [])


async def test_rotated_grants_are_followed(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    client, token = await logged_in(site, browser, provider)

    for _ in range(3):
        later(site, provider, RECHECK_S)
        status, answer = await client.refresh(token)
        assert status == 200
        token = str(answer["refresh_token"])

    assert provider.redeemed[1:] == ["refresh-1", "refresh-2", "refresh-3"]
    assert provider.reused == []


async def test_provider_that_does_not_rotate_is_asked_with_the_same_grant(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    client, token = await logged_in(site, browser, provider)
    provider.answer = {"refresh_token": None}
    later(site, provider, RECHECK_S)

    status, answer = await client.refresh(token)

    assert status == 200
    assert provider.redeemed[-1] == "refresh-1"
    assert "refresh_token" in answer


@pytest.mark.parametrize(("passed_s", "status"), [(MAX_STALE_S - 1, 200), (MAX_STALE_S, 503)])
async def test_outage_of_the_provider_is_bridged_for_max_stale(
    site: Site, browser: PersonsBrowser, provider: HandProvider, passed_s: int, status: int
) -> None:
    client, token = await logged_in(site, browser, provider)
    provider.service.scenes["/token"] = Scene(status=503)
    later(site, provider, passed_s)

    answered, _ = await client.refresh(token)

    assert answered == status


@pytest.mark.parametrize(("passed_s", "status"), [(MAX_STALE_S - 1, 200), (MAX_STALE_S, 400)])
async def test_without_a_grant_the_login_ends_after_max_stale(
    site: Site, browser: PersonsBrowser, provider: HandProvider, passed_s: int, status: int
) -> None:
    provider.answer = {"refresh_token": None}
    client, token = await logged_in(site, browser, provider)
    later(site, provider, passed_s)

    answered, _ = await client.refresh(token)

    assert answered == status
    assert provider.service.count("/token") == 1


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"sub": "person-2"}, "provider_subject"),
        ({"aud": "another"}, "provider_id_token"),
        ({"iss": "https://evil.example"}, "provider_id_token"),
    ],
)
async def test_answer_about_somebody_else_ends_the_login(
    site: Site,
    browser: PersonsBrowser,
    provider: HandProvider,
    claims: dict[str, object],
    reason: str,
) -> None:
    """OIDC Core §12.2."""
    client, token = await logged_in(site, browser, provider)
    provider.claims = claims
    later(site, provider, RECHECK_S)

    status, answer = await client.refresh(token)

    assert (status, answer["error"]) == (400, "invalid_grant")
    assert site.steps[-1] == ("refresh", reason)


async def test_refresh_without_an_id_token_keeps_what_was_known(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    client, token = await logged_in(site, browser, provider)
    provider.answer = {"id_token": None}
    later(site, provider, RECHECK_S)

    status, answer = await client.refresh(token)

    assert status == 200
    assert parse_compact(str(answer["access_token"])).claims["groups"] == ["engineering"]


@pytest.mark.requirement("66")
async def test_grant_of_another_provider_is_shown_to_nobody(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    client, token = await logged_in(site, browser, provider)
    elsewhere = provider.settings(issuer=f"{provider.issuer}/other")
    setting = Setting(Settings(provider=elsewhere))

    async with running_authorization_server(setting) as moved:
        told = site.server.grants.refresh_tokens.open(token, client.client_id, site.clock.wall)
        assert told is not None
        grant = ProviderGrant.parse(told.family.person.login)
        with pytest.raises(Exception, match="log in again") as caught:
            await moved.server.login.renew(told.family.person, 0.0)

    assert grant is not None
    assert grant.token == "refresh-1"  # noqa: S105  # nobody's
    assert getattr(caught.value, "reason", "") == "provider_changed"
    assert provider.service.count("/token") == 1


async def test_grant_is_not_in_what_is_printed() -> None:
    grant = ProviderGrant("https://idp.example", "refresh_token", 1.0, "secret")

    assert "secret" not in repr(grant)
