"""A browser that a script drives through the gateway's own login pages."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from aiohttp import ClientSession, CookieJar

REDIRECT_URI = "http://127.0.0.1:33418/callback"  # never opened: the browser stops before it
PASSWORD = "correct horse battery staple"  # noqa: S105  # an example


@dataclass(slots=True)
class Shown:
    """A page: its status and headers, its form, and where it goes on to by itself."""

    status: int
    headers: Mapping[str, str]
    html: str
    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    goes_to: str = ""

    @property
    def answer(self) -> dict[str, str]:
        """What the client reads from the URL that the page goes on to."""
        return query_of(self.goes_to)


class _Reader(HTMLParser):
    def __init__(self, shown: Shown) -> None:
        super().__init__()
        self._shown = shown

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._shown.action = found.get("action", "")
        if tag == "input" and found.get("type") == "hidden":
            self._shown.fields[found["name"]] = found["value"]
        if tag == "meta" and found.get("http-equiv") == "refresh":
            self._shown.goes_to = found["content"].partition("url=")[2]


def query_of(url: str) -> dict[str, str]:
    """The parameters of an authorization response."""
    return dict(parse_qsl(urlsplit(url).query))


class PersonsBrowser:
    """Opens pages, keeps cookies, and fills in forms as `name` does."""

    def __init__(self, name: str = "ada", password: str = PASSWORD) -> None:
        self.name = name
        self.password = password
        self._session = ClientSession(cookie_jar=CookieJar(unsafe=True))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    @property
    def cookies(self) -> CookieJar:
        jar = self._session.cookie_jar
        assert isinstance(jar, CookieJar)
        return jar

    async def open(self, url: str, headers: Mapping[str, str] | None = None) -> Shown:
        """Follow a link; redirects are told in `goes_to` and not followed."""
        async with self._session.get(url, headers=headers, allow_redirects=False) as response:
            shown = Shown(response.status, response.headers, await response.text())
        return _read(shown)

    async def send(
        self, page: Shown, headers: Mapping[str, str] | None = None, **fields: str
    ) -> Shown:
        """Send the form of a page with these fields."""
        form = page.fields | fields
        async with self._session.post(
            page.action, data=form, headers=headers, allow_redirects=False
        ) as response:
            shown = Shown(response.status, response.headers, await response.text())
        return _read(shown)

    async def consent(self, url: str) -> Shown:
        """Open an authorization URL and allow the client; the login page."""
        return await self.send(await self.open(url), decision="approve")

    async def log_in(self, url: str) -> Shown:
        """The whole way from an authorization URL; the page that goes back to the client."""
        page = await self.consent(url)
        return await self.send(page, name=self.name, password=self.password)


def _read(shown: Shown) -> Shown:
    shown.goes_to = shown.headers.get("Location", "")
    _Reader(shown).feed(shown.html)
    return shown


@dataclass(slots=True)
class Challenge:
    """A code verifier and its challenge: RFC 7636."""

    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def value(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(slots=True)
class OAuthClient:
    """An MCP client by hand, at the endpoints below `issuer`."""

    issuer: str
    client_id: str = ""
    secret: str | None = None
    redirect_uri: str = REDIRECT_URI
    challenge: Challenge = field(default_factory=Challenge)

    async def register(self, **metadata: object) -> tuple[int, dict[str, object]]:
        """Register with some redirect URI and further metadata; status and answer."""
        document = {"redirect_uris": [self.redirect_uri], "client_name": "By hand"} | metadata
        async with (
            ClientSession() as session,
            session.post(f"{self.issuer}/register", json=document) as response,
        ):
            answer = await response.json()
        if response.status == 201:
            self.client_id = answer["client_id"]
            self.secret = answer.get("client_secret")
        return response.status, answer

    def authorize_url(self, **changes: str | None) -> str:
        """The URL that the client opens in the person's browser; None leaves a parameter out."""
        parameters: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": "of-the-client",
            "code_challenge": self.challenge.value,
            "code_challenge_method": "S256",
        }
        given = {name: value for name, value in (parameters | changes).items() if value is not None}
        return f"{self.issuer}/authorize?{urlencode(given)}"

    async def post(
        self, path: str, headers: Mapping[str, str] | None = None, **form: str | None
    ) -> tuple[int, dict[str, object], Mapping[str, str]]:
        """Post a form as this client; status, answer and headers."""
        named: dict[str, str | None] = {"client_id": self.client_id, "client_secret": self.secret}
        sent = {name: value for name, value in (named | form).items() if value is not None}
        async with (
            ClientSession() as session,
            session.post(f"{self.issuer}{path}", data=sent, headers=headers) as response,
        ):
            return response.status, await response.json(), response.headers

    async def exchange(self, code: str, **changes: str | None) -> tuple[int, dict[str, object]]:
        """Redeem a code."""
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.challenge.verifier,
        }
        status, answer, _ = await self.post("/token", None, **(form | changes))
        return status, answer

    async def refresh(self, token: str, **changes: str | None) -> tuple[int, dict[str, object]]:
        """Redeem a refresh token."""
        form: dict[str, str | None] = {"grant_type": "refresh_token", "refresh_token": token}
        status, answer, _ = await self.post("/token", None, **(form | changes))
        return status, answer
