"""Consents that a browser keeps, at a server that remembers them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from gateway.authserver.clients.client import Client
from gateway.authserver.clients.metadata_document import MetadataDocumentClients
from gateway.authserver.flows.consents import MAX_COOKIE_CHARS, ConsentEnds, Consents, Ended
from gateway.authserver.flows.flow import Flow
from gateway.authserver.sealed_values import SealedValues
from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.resilience.single_flight import SingleFlight
from gateway.sealing.seal import Seal
from tests.support.authorization_server import (
    KEY,
    NOW,
    Setting,
    Site,
    running_authorization_server,
)
from tests.support.login_pages import REDIRECT_URI, OAuthClient, PersonsBrowser, Shown

DAY = 86400.0
BY_PERSON = {
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}
DOCUMENT = "https://app.example/client.json"


@pytest.fixture
async def pinned() -> dict[str, Client]:
    client = Client(DOCUMENT, "metadata_document", (REDIRECT_URI,), "App")
    return {DOCUMENT: replace(client, verified_host="app.example")}


@pytest.fixture
async def site(pinned: dict[str, Client]) -> AsyncIterator[Site]:
    async with asyncio.TaskGroup() as group:
        documents = MetadataDocumentClients(None, SingleFlight(group), pinned)
        settings = Settings(remember_consent=30 * DAY)
        setting = Setting(settings, servers=("mcp", "mail"), documents=(documents,))
        async with running_authorization_server(setting) as running:
            yield running


def at(site: Site) -> OAuthClient:
    return OAuthClient(site.issuer, DOCUMENT)


def url_of(client: OAuthClient, **changes: str | None) -> str:
    asked: dict[str, str | None] = {"resource": f"{client.issuer}/mcp", "scope": "mcp:read"}
    return client.authorize_url(**(asked | changes))


async def remembered(browser: PersonsBrowser, client: OAuthClient) -> Shown:
    """Consent for longer than this time, and log in."""
    asked = await browser.open(url_of(client), BY_PERSON)
    login = await browser.send(asked, decision="approve", remember="yes")
    return await browser.send(login, name=browser.name, password=browser.password)


async def is_asked(
    browser: PersonsBrowser, url: str, headers: Mapping[str, str] = BY_PERSON
) -> bool:
    """Whether the consent page comes; what comes else is the login."""
    shown = await browser.open(url, headers)
    assert shown.status == 200
    assert shown.goes_to == ""  # nobody gets through without a login
    is_consent = shown.action.endswith("/authorize/consent")
    assert is_consent or 'name="password"' in shown.html
    return is_consent


@pytest.mark.requirement("47", "49")
async def test_person_who_said_so_is_not_asked_again_but_logs_in(
    site: Site, browser: PersonsBrowser
) -> None:
    client = at(site)
    await remembered(browser, client)

    other_port = {"redirect_uri": REDIRECT_URI.replace("33418", "50000")}
    login = await browser.open(url_of(client, **other_port), BY_PERSON)
    end = await browser.send(login, name="ada", password=browser.password)

    assert "/authorize/login" in login.action
    status, answer = await client.exchange(end.answer["code"], **other_port)
    assert (status, answer["scope"]) == (200, "mcp:read")


@pytest.mark.requirement("46", "F1")
async def test_person_who_did_not_say_so_is_asked_again(
    site: Site, browser: PersonsBrowser
) -> None:
    client = at(site)
    asked = await browser.open(url_of(client), BY_PERSON)
    assert 'type="checkbox" id="remember" name="remember"' in asked.html
    assert "checked" not in asked.html
    login = await browser.send(asked, decision="approve")
    await browser.send(login, name="ada", password=browser.password)

    assert await is_asked(browser, url_of(client))


@pytest.mark.requirement("46", "F1")
async def test_nothing_is_remembered_unless_it_is_configured(browser: PersonsBrowser) -> None:
    async with running_authorization_server() as site:
        client = await site.registered()
        asked = await browser.open(client.authorize_url(), BY_PERSON)
        login = await browser.send(asked, decision="approve", remember="yes")
        end = await browser.send(login, name="ada", password=browser.password)

        assert "remember" not in asked.html
        assert "mcpgw-consents" not in str(end.headers)
        assert await is_asked(browser, client.authorize_url())


@pytest.mark.requirement("F1")
@pytest.mark.parametrize(
    "changes",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Dest": "iframe"},
    ],
)
async def test_consent_does_not_stand_for_who_was_sent_by_a_page(
    site: Site, browser: PersonsBrowser, changes: dict[str, str]
) -> None:
    """GHSA-6x8h-498w-gv8c."""
    client = at(site)
    await remembered(browser, client)

    assert await is_asked(browser, url_of(client), BY_PERSON | changes)


@pytest.mark.requirement("F1")
async def test_browser_that_does_not_say_who_sent_it_is_asked(
    site: Site, browser: PersonsBrowser
) -> None:
    client = at(site)
    await remembered(browser, client)

    assert await is_asked(browser, url_of(client), {})


@pytest.mark.requirement("F1")
async def test_new_client_does_not_ride_on_the_consent_to_another(
    site: Site, browser: PersonsBrowser
) -> None:
    await remembered(browser, at(site))
    stranger = await site.registered(client_name="App")

    assert await is_asked(browser, url_of(stranger))


@pytest.mark.requirement("48", "F10")
@pytest.mark.parametrize(
    "changes",
    [
        {"scope": "mcp:read mcp:write"},
        {"scope": "mcp:write"},
        {"prompt": "consent"},
        {"prompt": "login consent"},
    ],
)
async def test_more_than_was_allowed_and_an_express_wish_are_asked(
    site: Site, browser: PersonsBrowser, changes: dict[str, str | None]
) -> None:
    client = at(site)
    await remembered(browser, client)

    assert await is_asked(browser, url_of(client, **changes))
    assert not await is_asked(browser, url_of(client))


async def test_another_server_is_asked_for(site: Site, browser: PersonsBrowser) -> None:
    client = at(site)
    await remembered(browser, client)

    assert await is_asked(browser, url_of(client, resource=f"{site.issuer}/mail"))


@pytest.mark.requirement("F13")
@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uris": (REDIRECT_URI, "https://evil.example/callback")},
        {"jwks": {"keys": []}},
        {"name": "Another"},
    ],
)
async def test_client_document_that_changed_is_asked_about(
    site: Site, browser: PersonsBrowser, pinned: dict[str, Client], changes: dict[str, object]
) -> None:
    client = at(site)
    await remembered(browser, client)
    pinned[DOCUMENT] = replace(pinned[DOCUMENT], **changes)  # type: ignore[arg-type]  # as above

    assert await is_asked(browser, url_of(client))


@pytest.mark.requirement("47", "F16")
async def test_another_person_at_the_same_browser_is_asked_and_gets_no_code_before(
    site: Site, browser: PersonsBrowser
) -> None:
    client = at(site)
    await remembered(browser, client)
    login = await browser.open(url_of(client), BY_PERSON)

    asked = await browser.send(login, name="grace", password=browser.password)

    assert asked.action.endswith("/authorize/consent")
    assert asked.goes_to == ""
    again = await browser.send(asked, decision="approve")
    end = await browser.send(again, name="grace", password=browser.password)
    assert (await client.exchange(end.answer["code"]))[0] == 200


@pytest.mark.requirement("F2", "F16")
async def test_login_without_a_question_counts_in_the_browser_that_consented_only(
    site: Site, browser: PersonsBrowser
) -> None:
    client = at(site)
    async with PersonsBrowser() as attacker:
        await remembered(attacker, client)
        login = await attacker.open(url_of(client), BY_PERSON)
        await browser.open(url_of(client), BY_PERSON)
        shown = await browser.send(login, name="ada", password=browser.password)

    assert shown.status == 403
    assert shown.goes_to == ""


@pytest.mark.requirement("F17")
async def test_planted_consent_is_nobody_elses(site: Site, browser: PersonsBrowser) -> None:
    client = at(site)
    async with PersonsBrowser("grace") as attacker:
        end = await remembered(attacker, client)
    planted = _cookie(end)
    browser.cookies.update_cookies({"mcpgw-consents": planted})
    login = await browser.open(url_of(client), BY_PERSON)

    asked = await browser.send(login, name="ada", password=browser.password)

    assert asked.action.endswith("/authorize/consent")
    for forged in (planted[:-2] + "AA", "x" * 5000, ""):
        browser.cookies.update_cookies({"mcpgw-consents": forged})
        assert await is_asked(browser, url_of(client))


@pytest.mark.parametrize("whose", ["ada", DOCUMENT])
async def test_revoking_the_person_or_the_client_ends_it(
    site: Site, browser: PersonsBrowser, whose: str
) -> None:
    client = at(site)
    await remembered(browser, client)
    assert not await is_asked(browser, url_of(client))
    site.revoked[whose] = NOW + 1

    assert await is_asked(browser, url_of(client))


async def test_login_that_was_ended_ends_the_consent(site: Site, browser: PersonsBrowser) -> None:
    client = at(site)
    await remembered(browser, client)
    login = await browser.open(url_of(client), BY_PERSON)
    end = await browser.send(login, name="ada", password=browser.password)
    _, answer = await client.exchange(end.answer["code"])
    assert not await is_asked(browser, url_of(client))

    await client.post("/revoke", token=str(answer["refresh_token"]))

    assert await is_asked(browser, url_of(client))


async def test_time_counts_from_the_consent_and_not_from_the_last_login(
    site: Site, browser: PersonsBrowser
) -> None:
    client = at(site)
    await remembered(browser, client)
    site.clock.advance(29 * DAY)
    login = await browser.open(url_of(client), BY_PERSON)
    end = await browser.send(login, name="ada", password=browser.password)
    assert end.status == 200
    site.clock.advance(DAY - 1)
    browser.cookies.update_cookies({"mcpgw-consents": _cookie(end)})
    assert not await is_asked(browser, url_of(client))
    site.clock.advance(1)

    assert await is_asked(browser, url_of(client))


@pytest.mark.requirement("F14")
async def test_custom_scheme_of_an_unverified_client_is_never_remembered(
    site: Site, browser: PersonsBrowser
) -> None:
    client = site.client()
    client.redirect_uri = "com.example.app:/callback"
    await client.register(application_type="native")
    end = await remembered(browser, client)

    assert end.goes_to.startswith("com.example.app:/callback?code=")
    assert await is_asked(browser, url_of(client))


def _cookie(end: Shown) -> str:
    told = end.headers["Set-Cookie"]
    assert told.startswith("mcpgw-consents=")
    assert "HttpOnly" in told
    assert "SameSite=Lax" in told
    return told.partition("=")[2].partition(";")[0]


def _flow(question: str) -> Flow:
    client, scopes = Client("c", "registered"), frozenset({"s" * 50 + question})
    return Flow("f", client, REDIRECT_URI, "r", "mcp", scopes, "c", "b", question=question)


@pytest.mark.requirement("49", "F17")
async def test_cookie_is_bounded_and_of_this_host_and_forgets_the_oldest() -> None:
    async def has_ended(family_id: str) -> bool:
        return False

    ends = ConsentEnds(has_ended, lambda subject, client_id, since: False)
    consents = Consents(SealedValues(Seal(KEY), "i"), "https://mcp.example", DAY, ends)
    text = ""
    for number in range(40):
        request = make_mocked_request("GET", "/", headers={"Cookie": f"{consents.cookie}={text}"})
        response = web.Response()
        ended = Ended(_flow(f"{number:032}"), "ada" * 20, NOW)
        consents.keep(request, response, ended)
        cookie = response.cookies[consents.cookie]
        text = cookie.value
        assert len(text) <= MAX_COOKIE_CHARS

    headers = BY_PERSON | {"Cookie": f"{consents.cookie}={text}"}
    request = make_mocked_request("GET", "/", headers=headers)
    assert consents.cookie == "__Host-mcpgw-consents"
    assert cookie["secure"]
    assert (cookie["path"], cookie["domain"]) == ("/", "")
    newest = await consents.answer(request, _flow(f"{39:032}"), NOW)
    oldest = await consents.answer(request, _flow(f"{0:032}"), NOW)
    assert (newest.answered_by, oldest.answered_by) == ("ada" * 20, None)
