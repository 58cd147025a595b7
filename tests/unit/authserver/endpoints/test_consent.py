import asyncio

import pytest

from tests.support.authorization_server import Site
from tests.support.login_pages import PersonsBrowser, Shown


@pytest.mark.requirement("46", "53", "F2", "F3", "F16")
async def test_consent_counts_only_in_the_browser_that_was_asked(
    site: Site, browser: PersonsBrowser
) -> None:
    client = await site.registered()
    async with PersonsBrowser() as attacker:
        page = await attacker.open(client.authorize_url())
        without_cookie = await browser.send(page, decision="approve")
        await browser.open(client.authorize_url())
        with_another = await browser.send(page, decision="approve")

    assert [without_cookie.status, with_another.status] == [403, 403]
    assert without_cookie.action == with_another.action == ""


@pytest.mark.requirement("51", "53", "F2", "F16")
async def test_login_counts_only_in_the_browser_that_consented(
    site: Site, browser: PersonsBrowser
) -> None:
    client = await site.registered()
    async with PersonsBrowser() as attacker:
        login = await attacker.consent(client.authorize_url())
        await browser.open(client.authorize_url())
        shown = await browser.send(login, name="ada", password=browser.password)

    assert shown.status == 403
    assert shown.goes_to == ""


@pytest.mark.requirement("48", "F3")
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_form_of_another_page_is_refused(
    site: Site, browser: PersonsBrowser, headers: dict[str, str]
) -> None:
    client = await site.registered()
    page = await browser.open(client.authorize_url())

    shown = await browser.send(page, headers, decision="approve")

    assert shown.status == 403


async def test_form_of_our_own_page_is_taken(site: Site, browser: PersonsBrowser) -> None:
    client = await site.registered()
    page = await browser.open(client.authorize_url())
    headers = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}

    assert (await browser.send(page, headers, decision="approve")).status == 200
    assert (await browser.send(page, {"Origin": site.issuer}, decision="approve")).status == 200


@pytest.mark.requirement("F3")
async def test_nothing_is_approved_by_a_link(site: Site, browser: PersonsBrowser) -> None:
    client = await site.registered()
    page = await browser.open(client.authorize_url())

    shown = await browser.open(f"{page.action}?flow={page.fields['flow']}&decision=approve")

    assert shown.status == 405


async def test_flow_before_consent_is_none_after_it(site: Site, browser: PersonsBrowser) -> None:
    client = await site.registered()
    asked = await browser.open(client.authorize_url())
    login = await browser.send(asked, decision="approve")

    skipped = Shown(200, {}, "", login.action, asked.fields)
    shown = await browser.send(skipped, name="ada", password=browser.password)

    assert shown.status == 403
    assert shown.goes_to == ""


@pytest.mark.requirement("58", "89")
async def test_denial_goes_back_to_the_client_and_no_login_is_shown(
    site: Site, browser: PersonsBrowser
) -> None:
    client = await site.registered()
    page = await browser.open(client.authorize_url())

    shown = await browser.send(page, decision="deny")

    assert shown.status == 200
    assert shown.answer["error"] == "access_denied"
    assert shown.answer["state"] == "of-the-client"
    assert shown.answer["iss"] == site.issuer
    assert "code" not in shown.answer
    assert ("consent", "consent_denied") in site.steps


async def test_page_that_was_open_too_long_says_so(site: Site, browser: PersonsBrowser) -> None:
    client = await site.registered()
    page = await browser.open(client.authorize_url())
    site.clock.advance(601)

    shown = await browser.send(page, decision="approve")

    assert shown.status == 403
    assert "too old" in shown.html


async def test_neither_button_is_a_bad_request(site: Site, browser: PersonsBrowser) -> None:
    client = await site.registered()
    page = await browser.open(client.authorize_url())

    assert (await browser.send(page, decision="maybe")).status == 400
    assert (await browser.send(page)).status == 400


async def test_four_tabs_at_once_all_end_well(site: Site, browser: PersonsBrowser) -> None:
    clients = [await site.registered() for _ in range(4)]
    pages = [await browser.open(client.authorize_url()) for client in clients]
    logins = [await browser.send(page, decision="approve") for page in pages]

    ends = await asyncio.gather(
        *(browser.send(login, name="ada", password=browser.password) for login in logins)
    )
    told = [
        await client.exchange(end.answer["code"]) for client, end in zip(clients, ends, strict=True)
    ]

    assert [status for status, _ in told] == [200] * 4
