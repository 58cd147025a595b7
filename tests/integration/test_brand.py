"""The operator's brand and words, on every page of a gateway that runs."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from tests.support.gateway import running_gateway, short_config
from tests.support.login_gateway import login_gateway
from tests.support.login_pages import OAuthClient, PersonsBrowser

UPSTREAM = "http://127.0.0.1:9/mcp"  # nobody is called there
BRAND = """\
brand: {name: Acme & Sons, colour: "#0A7D55", contact: help@acme.example}
"""
BROWSER = {"Accept": "text/html"}
MARKS = ("<span>Acme &amp; Sons</span>", "--accent:#0a7d55", "mailto:help@acme.example")


@pytest.fixture
async def client(port: int) -> AsyncIterator[OAuthClient]:
    described = ', scope_descriptions: {"mcp:read": Read what is there}'
    async with login_gateway(port, UPSTREAM, described, BRAND):
        found = OAuthClient(f"http://127.0.0.1:{port}")
        await found.register()
        yield found


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/mcp", 401), ("/authorize", 400)])
async def test_pages_of_servers_and_errors_show_it(
    client: OAuthClient, path: str, status: int
) -> None:
    async with (
        ClientSession() as session,
        session.get(f"{client.issuer}{path}", headers=BROWSER) as page,
    ):
        text = await page.text()

    assert page.status == status
    assert [mark for mark in MARKS if mark not in text] == []
    assert "style-src 'sha256-" in page.headers["Content-Security-Policy"]


async def test_every_page_of_a_login_shows_it(client: OAuthClient) -> None:
    async with PersonsBrowser() as browser:
        consent = await browser.open(client.authorize_url())
        login = await browser.send(consent, decision="approve")
        wrong = await browser.send(login, name="ada", password="wrong")  # noqa: S106  # an example
        done = await browser.send(login, name="ada", password=browser.password)

    for page in (consent, login, wrong, done):
        assert [mark for mark in MARKS if mark not in page.html] == []
    assert "Read what is there" in consent.html


async def test_a_page_without_a_usable_logo_goes_on_without_it(port: int) -> None:
    brand = "brand: {name: Acme, logo_file: nowhere.png}\n"
    async with (
        running_gateway(short_config(port, UPSTREAM, "local", more=brand)),
        ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/", headers=BROWSER) as page,
    ):
        text = await page.text()

    assert "<header><span>Acme</span></header>" in text
