import pytest

from tests.support.authorization_server import Site
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
