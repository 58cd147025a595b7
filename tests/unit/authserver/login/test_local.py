import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from gateway.authserver.accounts.one_time_codes import CodeSecrets
from gateway.sealing.seal import Seal
from tests.support.authorization_server import KEY, Site
from tests.support.login_pages import PersonsBrowser


async def test_too_many_tries_are_told_to_wait_and_the_right_password_waits_too(
    site: Site, browser: PersonsBrowser
) -> None:
    client = await site.registered()
    login = await browser.consent(client.authorize_url())
    for _ in range(5):
        await browser.send(login, name="ada", password="wrong")  # noqa: S106  # an example

    shown = await browser.send(login, name="ada", password=browser.password)
    site.clock.advance(61)
    later = await browser.send(
        await browser.consent(client.authorize_url()), name="ada", password=browser.password
    )

    assert shown.status == 429
    assert "Too many tries" in shown.html
    assert "code" in later.answer


@pytest.mark.parametrize("name", ["nobody", "ada"])
async def test_unknown_name_is_told_what_a_wrong_password_is_told(
    site: Site, browser: PersonsBrowser, name: str
) -> None:
    client = await site.registered()
    login = await browser.consent(client.authorize_url())

    shown = await browser.send(login, name=name, password="wrong")  # noqa: S106  # an example

    assert shown.status == 403
    assert "The name or the password is wrong." in shown.html


async def test_an_account_with_one_time_codes_is_asked_for_one(
    site: Site, browser: PersonsBrowser
) -> None:
    secret = bytes(20)
    sealed = CodeSecrets(Seal(KEY)).close(secret, "ada", site.clock.wall)
    await site.change("ada", code_secret=sealed)
    client = await site.registered()
    login = await browser.consent(client.authorize_url())
    code = TOTP(secret, 6, SHA1(), 30).generate(int(site.clock.wall)).decode()  # noqa: S303  # RFC 6238

    without = await browser.send(login, name="ada", password=browser.password)
    right = await browser.send(login, name="ada", password=browser.password, code=code)

    assert 'name="code"' in login.html
    assert without.status == 403
    assert "The name, the password or the one-time code is wrong." in without.html
    assert "code" in right.answer


async def test_nobody_is_asked_for_codes_where_no_account_has_any(
    site: Site, browser: PersonsBrowser
) -> None:
    client = await site.registered()

    assert 'name="code"' not in (await browser.consent(client.authorize_url())).html
