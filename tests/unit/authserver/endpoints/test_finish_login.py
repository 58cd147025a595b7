import pytest

from gateway.authserver.flows.flow_values import FINISHED
from gateway.store.memory import MemoryStore
from gateway.store.unavailable import StoreUnavailable
from tests.support.authorization_server import Setting, Site, running_authorization_server
from tests.support.login_pages import PersonsBrowser


class UnreachableStore(MemoryStore):
    """A store that is away once a test says so."""

    is_away = False

    async def add(self, kind: str, key: str, value: bytes, expires_at: float | None) -> bool:
        if self.is_away:
            raise StoreUnavailable("away")
        return await super().add(kind, key, value, expires_at)


@pytest.mark.requirement("138", "139")
async def test_login_ends_with_a_page_of_our_own_that_goes_on(
    site: Site, browser: PersonsBrowser
) -> None:
    """Browsers apply form-action to every redirect after a form."""
    client = await site.registered()

    page = await browser.log_in(client.authorize_url())

    assert page.status == 200
    assert page.goes_to.startswith(client.redirect_uri + "?code=")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.requirement("51", "F3", "F6")
async def test_login_ends_well_once(site: Site, browser: PersonsBrowser) -> None:
    client = await site.registered()
    login = await browser.consent(client.authorize_url())
    await browser.send(login, name="ada", password=browser.password)

    again = await browser.send(login, name="ada", password=browser.password)

    assert again.status == 403
    assert again.goes_to == ""
    assert "finished already" in again.html


async def test_wrong_password_shows_the_form_again_and_the_right_one_ends_well(
    site: Site, browser: PersonsBrowser
) -> None:
    client = await site.registered()
    login = await browser.consent(client.authorize_url())

    wrong = await browser.send(login, name="<ada>", password="wrong")  # noqa: S106  # an example
    right = await browser.send(wrong, name="ada", password=browser.password)

    assert wrong.status == 403
    assert "The name or the password is wrong." in wrong.html
    assert "<ada>" not in wrong.html
    assert "code" in right.answer


async def test_login_hint_fills_in_the_name(site: Site, browser: PersonsBrowser) -> None:
    client = await site.registered()

    login = await browser.consent(client.authorize_url(login_hint="grace"))

    assert 'value="grace"' in login.html


@pytest.mark.requirement("F19")
async def test_without_the_store_no_code_is_issued(browser: PersonsBrowser) -> None:
    store = UnreachableStore()
    async with running_authorization_server(Setting(store=store)) as site:
        client = await site.registered()
        login = await browser.consent(client.authorize_url())
        store.is_away = True
        shown = await browser.send(login, name="ada", password=browser.password)

    assert shown.status == 503
    assert shown.goes_to == ""
    assert not await store.entries(FINISHED)


@pytest.mark.requirement("49", "F17")
async def test_cookie_is_for_this_host_and_no_script(site: Site, browser: PersonsBrowser) -> None:
    client = await site.registered()

    shown = await browser.open(client.authorize_url())

    cookie = shown.headers["Set-Cookie"]
    assert cookie.startswith("mcpgw-browser=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


@pytest.mark.requirement("F3", "F16")
@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "same-site"}]
)
async def test_nobody_is_logged_in_by_a_form_of_another_page(
    site: Site, browser: PersonsBrowser, headers: dict[str, str]
) -> None:
    """Login forgery: the person would work in the name of whoever wrote the form."""
    client = await site.registered()
    login = await browser.consent(client.authorize_url())

    shown = await browser.send(login, headers, name="ada", password=browser.password)

    assert (shown.status, shown.goes_to) == (403, "")
    assert ("login", "foreign_form") in site.steps
