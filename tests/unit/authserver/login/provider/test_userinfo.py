from collections.abc import Mapping

import pytest

from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.identity.token.compact import parse_compact
from tests.support.authorization_server import Setting, running_authorization_server
from tests.support.issuer_service import Scene
from tests.support.login_pages import PersonsBrowser
from tests.support.login_provider import HandProvider
from tests.unit.authserver.login.provider.test_recheck import later

ADDRESSES = [
    {"email": "old@example.com", "primary": False, "verified": True},
    {"email": "ada@example.com", "primary": True, "verified": True},
]


def oauth_only(provider: HandProvider, **changes: object) -> dict[str, object]:
    """Settings of a provider that knows no OpenID Connect."""
    url = provider.issuer
    return {
        "id_token": False,
        "authorization_url": f"{url}/auth",
        "token_url": f"{url}/token",
        "scopes": ["user"],
        "claims": {"subject": "id", "name": "login"},
        "userinfo": {
            "url": f"{url}/user",
            "emails_url": f"{url}/emails",
            "lookups": [{"url": f"{url}/teams", "each": "{org}/{slug}"}],
        },
        **changes,
    }


def serve_user(provider: HandProvider, **scenes: Scene) -> None:
    known = {
        "user": Scene({"id": 583231, "login": "ada", "email": "shown@example.com"}),
        "emails": Scene(ADDRESSES),
        "teams": Scene([{"org": "acme", "slug": "platform"}]),
    }
    provider.service.scenes |= {f"/{name}": scene for name, scene in (known | scenes).items()}


async def claims_after_login(
    provider: HandProvider, browser: PersonsBrowser, settings: Mapping[str, object]
) -> tuple[int, Mapping[str, object]]:
    """What the page answers, and what the access token says."""
    setting = Setting(Settings(provider=provider.settings(**settings)))
    async with running_authorization_server(setting) as site:
        client = await site.registered()
        page = await browser.consent(client.authorize_url())
        back = await browser.open(provider.callback(page.goes_to, iss=None))
        if "code" not in back.answer:
            return back.status, {}
        _, answer = await client.exchange(back.answer["code"])
        return back.status, parse_compact(str(answer["access_token"])).claims


async def test_provider_without_id_tokens_says_who_it_was_at_its_own_endpoints(
    browser: PersonsBrowser, provider: HandProvider
) -> None:
    provider.answer = {"id_token": None, "refresh_token": None}
    serve_user(provider)

    _, claims = await claims_after_login(provider, browser, oauth_only(provider))

    assert claims["sub"] == "583231"
    assert claims["name"] == "ada"
    assert claims["email"] == "ada@example.com"
    assert claims["groups"] == ["acme/platform"]
    assert "nonce" not in provider.request
    assert provider.service.count("/.well-known/openid-configuration") == 0


async def test_address_that_is_not_verified_is_none(
    browser: PersonsBrowser, provider: HandProvider
) -> None:
    provider.answer = {"id_token": None}
    serve_user(provider, emails=Scene([{"email": "a@b.example", "primary": True}]))

    _, claims = await claims_after_login(provider, browser, oauth_only(provider))

    assert "email" not in claims


async def test_groups_that_nobody_tells_end_the_login(
    browser: PersonsBrowser, provider: HandProvider
) -> None:
    """Unknown is not none: a rule that keeps a group out would let its members in."""
    provider.answer = {"id_token": None}
    serve_user(provider, teams=Scene(status=403))

    status, claims = await claims_after_login(provider, browser, oauth_only(provider))

    assert (status, claims) == (503, {})


async def test_grant_is_the_access_token_and_its_end_ends_the_login(
    browser: PersonsBrowser, provider: HandProvider
) -> None:
    provider.answer = {"id_token": None, "refresh_token": None}
    serve_user(provider)
    setting = Setting(Settings(provider=provider.settings(**oauth_only(provider))))
    async with running_authorization_server(setting) as site:
        client = await site.registered()
        page = await browser.consent(client.authorize_url())
        back = await browser.open(provider.callback(page.goes_to, iss=None))
        _, answer = await client.exchange(back.answer["code"])
        later(site, provider, 900)
        good, answer = await client.refresh(str(answer["refresh_token"]))
        provider.service.scenes["/user"] = Scene({"message": "Bad credentials"}, 401)
        later(site, provider, 900)
        bad, _ = await client.refresh(str(answer["refresh_token"]))

    assert (good, bad) == (200, 400)
    assert site.steps[-1] == ("refresh", "provider_ended")
    assert provider.service.count("/token") == 1


async def test_refusal_with_status_200_is_one(
    browser: PersonsBrowser, provider: HandProvider
) -> None:
    provider.answer = {"error": "bad_verification_code", "error_description": "expired"}

    status, _ = await claims_after_login(provider, browser, oauth_only(provider))

    assert status == 403


async def test_userinfo_adds_to_the_id_token(
    browser: PersonsBrowser, provider: HandProvider
) -> None:
    told = {"sub": "person-1", "name": "From elsewhere", "groups_direct": ["acme"]}
    provider.service.scenes["/userinfo"] = Scene(told)
    provider.metadata = {"authorization_response_iss_parameter_supported": False}
    settings = {"userinfo": {}, "claims": {"groups": "groups_direct"}}

    _, claims = await claims_after_login(provider, browser, settings)

    assert claims["groups"] == ["acme"]
    assert claims["name"] == "Ada"


@pytest.mark.parametrize("told", [{"sub": "person-2"}, {"name": "nobody"}])
async def test_userinfo_about_somebody_else_is_refused(
    browser: PersonsBrowser, provider: HandProvider, told: dict[str, object]
) -> None:
    """OIDC Core §5.3.2."""
    provider.service.scenes["/userinfo"] = Scene(told)
    provider.metadata = {"authorization_response_iss_parameter_supported": False}

    status, claims = await claims_after_login(provider, browser, {"userinfo": {}})

    assert (status, claims) == (403, {})
