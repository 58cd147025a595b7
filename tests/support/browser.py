"""A person's browser as a program: `python -m tests.support.browser URL`.

It follows redirects, keeps cookies, and sends each form that it is shown, until a page has none.
The variable BROWSER can name it.
"""

import asyncio
import os
import sys
from html.parser import HTMLParser
from urllib.parse import urljoin

from aiohttp import ClientSession, ClientTimeout, CookieJar

LOGIN = os.environ.get("TEST_LOGIN", "ada")
_LIMIT = ClientTimeout(total=10)
_MAX_STEPS = 20


class _Form(HTMLParser):
    """The first form of a page, where it goes and what it holds; or where a page goes by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self.goes_to = ""
        self._is_pressed = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None:
            self.action = attributes.get("action", "")
        if tag == "meta" and attributes.get("http-equiv") == "refresh":
            self.goes_to = attributes["content"].partition("url=")[2]
        # Of several buttons, one is pressed: the first that does not refuse.
        if tag == "button" and (self._is_pressed or attributes.get("value") == "deny"):
            return
        self._is_pressed = self._is_pressed or tag == "button"
        if tag in ("input", "button") and attributes.get("name"):
            self.fields.setdefault(attributes["name"], attributes.get("value", ""))


async def visit(url: str, typed: dict[str, str]) -> str:
    """Go on until a page has no form; return its text. `typed` fills fields by name."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True), timeout=_LIMIT) as session:
        form: dict[str, str] | None = None
        for _ in range(_MAX_STEPS):
            method = "GET" if form is None else "POST"
            async with session.request(method, url, data=form, allow_redirects=False) as shown:
                text, place = await shown.text(), shown.headers.get("Location")
            form = None
            if place is not None:
                url = urljoin(url, place)
                continue
            page = _Form()
            page.feed(text)
            if page.goes_to:
                url = urljoin(url, page.goes_to)
                continue
            if page.action is None:
                return text
            url = urljoin(url, page.action)
            form = page.fields | {name: typed[name] for name in page.fields if name in typed}
    raise RuntimeError(f"the login goes in circles at {url}")


if __name__ == "__main__":
    password = os.environ.get("TEST_PASSWORD", "")
    asyncio.run(visit(sys.argv[1], {"login": LOGIN, "name": LOGIN, "password": password}))
