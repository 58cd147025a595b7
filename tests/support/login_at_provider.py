"""The real gateway that logs people in at a real provider, and a browser for both."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urljoin

from aiohttp import ClientSession

from tests.support.gateway import running_gateway, short_config
from tests.support.identity_provider import GATEWAY_CLIENT, OidcProvider
from tests.support.login_pages import PersonsBrowser, Shown
from tests.support.oauth_client import Browser, Person


def callback_url(port: int) -> str:
    """What must be registered at the provider."""
    return f"http://127.0.0.1:{port}/authorize/callback"


async def log_in_there(browser: PersonsBrowser, page: Shown, name: str) -> str:
    """Go through the provider's own pages; where it sends the browser to at the end."""
    url = page.goes_to
    for _ in range(10):
        shown = await browser.open(url)
        if not shown.goes_to:
            shown.action = url
            shown = await browser.send(shown, login=name)
        url = urljoin(url, shown.goes_to)
        if "/authorize/callback?" in url:
            return url
    raise AssertionError(f"the login goes in circles: {url}")


class ThroughBoth(Browser):
    """A person who consents at the gateway and logs in at the provider."""

    async def open(self, url: str) -> None:
        """Go on until the gateway sends the browser back to the client."""
        async with PersonsBrowser() as browser:
            back = await log_in_there(browser, await browser.consent(url), self.login)
            shown = await browser.open(back)
            assert shown.goes_to, f"{shown.status} {shown.html}"
            self.callback = shown.goes_to


def person_there(url: str, name: str = "ada") -> Person:
    """Someone with the SDK's client who has an account at the provider."""
    person = Person(url)
    person.browser = ThroughBoth(name)
    return person


@asynccontextmanager
async def gateway_at_provider(
    port: int, upstream: str, provider: OidcProvider, more: str = ""
) -> AsyncIterator[str]:
    """Run it; the URL that people type. `more` is further YAML of the provider."""
    keys = f"issuer: {provider.issuer}, {GATEWAY_CLIENT}, parameters: {{prompt: consent}}"
    section = f"authorization_server: {{provider: {{{keys}, userinfo: {{}}{more}}}}}\n"
    async with running_gateway(short_config(port, upstream, "local", more=section)):
        yield f"http://127.0.0.1:{port}/mcp"


async def disable(provider: OidcProvider, name: str) -> None:
    """Disable an account at the provider."""
    async with (
        ClientSession() as session,
        session.post(f"{provider.issuer}/disable/{name}") as done,
    ):
        assert done.status == 204
