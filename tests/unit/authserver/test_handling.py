import base64
import logging

import pytest
from aiohttp import ClientSession

from tests.support.authorization_server import Setting, Site, running_authorization_server
from tests.support.grants import UnreachableStore, logged_in
from tests.support.login_pages import PersonsBrowser

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.requirement("135")
@pytest.mark.parametrize("path", ["/token", "/revoke", "/introspect", "/register"])
async def test_programs_read_every_error_as_json_that_no_cache_keeps(site: Site, path: str) -> None:
    """RFC 6749 §5.2."""
    async with (
        ClientSession() as session,
        session.post(site.issuer + path, data=b"x", headers=FORM) as response,
    ):
        answer = await response.json()

    assert response.status in (400, 401)
    assert set(answer) == {"error", "error_description"}
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Pragma"] == "no-cache"
    assert "Set-Cookie" not in response.headers


@pytest.mark.requirement("140")
async def test_neither_passwords_nor_other_grants_are_exchanged_and_no_token_is_in_a_url(
    site: Site, browser: PersonsBrowser
) -> None:
    client = await site.registered()
    person = {"username": "ada", "password": browser.password}

    told = [
        (await client.post("/token", None, grant_type=grant, **person))[1]["error"]
        for grant in ("password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer")
    ]
    shown = await browser.open(client.authorize_url(response_type="token"))

    assert told == ["unsupported_grant_type"] * 3
    assert shown.answer["error"] == "unsupported_response_type"
    assert "access_token" not in shown.goes_to


@pytest.mark.requirement("139", "F14")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/authorize"),
        ("POST", "/authorize/consent"),
        ("POST", "/authorize/login"),
        ("GET", "/authorize/callback"),
    ],
)
async def test_people_read_every_error_on_a_page_that_leads_nowhere(
    site: Site, method: str, path: str
) -> None:
    async with (
        ClientSession() as session,
        session.request(method, site.issuer + path, data=b"", headers=FORM) as response,
    ):
        html = await response.text()

    assert response.status in (400, 403)
    assert response.content_type == "text/html"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "href=" not in html


@pytest.mark.requirement("F15")
@pytest.mark.parametrize("with_header", [True, False])
async def test_challenge_comes_to_who_used_the_header_only(site: Site, with_header: bool) -> None:
    """RFC 6749 §5.2."""
    basic = "Basic " + base64.b64encode(b"unknown:x").decode()
    client = site.client()
    client.client_id = "unknown"
    headers = {"Authorization": basic} if with_header else None

    status, answer, told = await client.post("/token", headers, grant_type="refresh_token")

    assert (status, answer["error"]) == (401, "invalid_client")
    assert ("WWW-Authenticate" in told) is with_header


async def test_refused_refresh_is_a_step_of_its_own_in_the_log(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    client = await site.registered()

    with caplog.at_level(logging.WARNING):
        await client.refresh("secret-token")

    (record,) = [each for each in caplog.records if each.message == "login step failed"]
    assert ("refresh", "refresh_unknown") in site.steps
    assert record.__dict__["client_id"] == client.client_id[:64]
    assert "secret-token" not in repr(record.__dict__)


@pytest.mark.requirement("F19")
async def test_store_that_is_away_is_503_with_a_time_to_come_back(
    browser: PersonsBrowser,
) -> None:
    store = UnreachableStore()
    async with running_authorization_server(Setting(store=store)) as site:
        client = await site.registered()
        _, answer = await logged_in(client, browser)
        login = await browser.consent(client.authorize_url())
        store.is_away = True
        refresh_token = str(answer["refresh_token"])
        revoked, told, headers = await client.post("/revoke", token=refresh_token)
        page = await browser.send(login, name="ada", password=browser.password)

    assert (revoked, told["error"]) == (503, "temporarily_unavailable")
    assert headers["Retry-After"] == "5"
    assert page.status == 503
    assert page.goes_to == ""
    assert site.voided == []
