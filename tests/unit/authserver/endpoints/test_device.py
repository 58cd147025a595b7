"""RFC 8628, from both sides."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.oauth.registration import DEVICE_GRANT
from tests.support.authorization_server import Setting, Site, running_authorization_server
from tests.support.login_pages import OAuthClient, PersonsBrowser, Shown

GRANTS = ["authorization_code", "refresh_token", DEVICE_GRANT]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running_authorization_server(Setting(Settings(device_login=True))) as running:
        yield running


async def begun(site: Site, **form: str) -> tuple[OAuthClient, dict[str, object]]:
    """A client of a device, and the codes that it got."""
    client = await site.registered(grant_types=GRANTS)
    status, codes, _ = await client.post("/device_authorization", None, **form)
    assert status == 200, codes
    return client, codes


async def typed(site: Site, browser: PersonsBrowser, codes: dict[str, object]) -> Shown:
    """The page after the person typed the code."""
    form = await browser.open(str(codes["verification_uri"]))
    return await browser.send(form, user_code=str(codes["user_code"]))


async def poll(client: OAuthClient, codes: dict[str, object]) -> tuple[int, dict[str, object]]:
    device_code = str(codes["device_code"])
    status, answer, _ = await client.post(
        "/token", None, grant_type=DEVICE_GRANT, device_code=device_code
    )
    return status, answer


async def test_device_gets_tokens_once_the_person_typed_its_code_and_allowed_it(
    site: Site, browser: PersonsBrowser
) -> None:
    client, codes = await begun(site)
    pending = await poll(client, codes)

    consent = await typed(site, browser, codes)
    login = await browser.send(consent, decision="approve")
    done = await browser.send(login, name="ada", password=browser.password)
    status, answer = await poll(client, codes)

    assert (pending[0], pending[1]["error"]) == (400, "authorization_pending")
    assert str(codes["user_code"]) in consent.html
    assert (done.status, done.goes_to) == (200, "")
    assert status == 200
    assert {"access_token", "refresh_token", "scope"} <= answer.keys()
    assert "code" not in done.html.partition("<body")[2].lower()


async def test_metadata_names_the_endpoint_and_the_grant(site: Site) -> None:
    async with PersonsBrowser() as browser:
        shown = await browser.open(f"{site.issuer}/.well-known/oauth-authorization-server")

    assert f'"device_authorization_endpoint":"{site.issuer}/device_authorization"' in shown.html
    assert DEVICE_GRANT in shown.html


async def test_person_who_denies_ends_it(site: Site, browser: PersonsBrowser) -> None:
    client, codes = await begun(site)

    denied = await browser.send(await typed(site, browser, codes), decision="deny")
    status, answer = await poll(client, codes)

    assert (denied.status, denied.goes_to) == (200, "")
    assert (status, answer["error"]) == (400, "access_denied")


async def test_device_that_asks_too_often_is_told_to_slow_down(site: Site) -> None:
    client, codes = await begun(site)

    answers = [(await poll(client, codes))[1]["error"] for _ in range(3)]
    site.clock.advance(6)
    answers.append((await poll(client, codes))[1]["error"])

    assert answers == ["authorization_pending", "slow_down", "slow_down", "authorization_pending"]
    assert ("token", "slow_down") not in site.steps


async def test_code_that_nobody_typed_in_time_is_over(site: Site, browser: PersonsBrowser) -> None:
    client, codes = await begun(site)
    site.clock.advance(601)

    status, answer = await poll(client, codes)
    shown = await typed(site, browser, codes)

    assert (status, answer["error"]) == (400, "expired_token")
    assert shown.status == 400
    assert "No device waits" in shown.html


@pytest.mark.requirement("F9")
async def test_decision_counts_once_and_tokens_are_given_once(
    site: Site, browser: PersonsBrowser
) -> None:
    client, codes = await begun(site)
    first, second = [await typed(site, browser, codes) for _ in range(2)]
    logins = [await browser.send(each, decision="approve") for each in (first, second)]
    ends = [await browser.send(each, name="ada", password=browser.password) for each in logins]
    third = await typed(site, browser, codes)

    answers = await asyncio.gather(*(poll(client, codes) for _ in range(10)))

    assert [each.status for each in ends] == [200, 403]
    assert third.status == 400
    assert sorted(status for status, _ in answers) == [200] + [400] * 9


async def test_code_of_another_client_is_no_code(site: Site, browser: PersonsBrowser) -> None:
    _, codes = await begun(site)
    other = await site.registered(grant_types=GRANTS, client_name="another")

    status, answer = await poll(other, codes)

    assert (status, answer["error"]) == (400, "invalid_grant")


async def test_code_in_the_link_is_shown_and_not_taken(site: Site, browser: PersonsBrowser) -> None:
    """RFC 8628 §5.4: whoever sent the link must not decide which device it is."""
    _, codes = await begun(site)

    shown = await browser.open(str(codes["verification_uri_complete"]))

    assert f'value="{codes["user_code"]}"' in shown.html
    assert "decision" not in shown.html


@pytest.mark.requirement("F3")
async def test_form_of_another_page_is_refused(site: Site, browser: PersonsBrowser) -> None:
    _, codes = await begun(site)
    form = await browser.open(str(codes["verification_uri"]))

    shown = await browser.send(
        form, {"Origin": "https://evil.example"}, user_code=str(codes["user_code"])
    )

    assert shown.status == 403


async def test_codes_cannot_be_guessed_at_any_pace(site: Site, browser: PersonsBrowser) -> None:
    """RFC 8628 §5.1."""
    form = await browser.open(f"{site.issuer}/device")

    shown = [await browser.send(form, user_code="BBBB-BBBB") for _ in range(31)]

    assert [each.status for each in shown[:30]] == [400] * 30
    assert shown[30].status == 429


async def test_client_that_did_not_register_the_grant_gets_no_code(site: Site) -> None:
    client = await site.registered()

    status, answer, _ = await client.post("/device_authorization", None)

    assert (status, answer["error"]) == (400, "unauthorized_client")


async def test_without_device_login_there_is_nothing() -> None:
    async with running_authorization_server() as site:
        client = await site.registered(grant_types=GRANTS)
        status, answer, _ = await client.post(
            "/token", None, grant_type=DEVICE_GRANT, device_code="x"
        )
        async with PersonsBrowser() as browser:
            shown = await browser.open(f"{site.issuer}/device")

    assert (status, answer["error"]) == (400, "unsupported_grant_type")
    assert shown.status == 404
