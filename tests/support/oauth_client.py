"""The official SDK's OAuth client with a browser that a script drives."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2
from aiohttp import ClientSession, CookieJar
from mcp.client import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)
from pydantic import AnyUrl

REDIRECT_URI = "http://127.0.0.1:33418/callback"  # never opened: the browser stops before it
LIMIT_S = 10.0

Mode = Literal["auto", "legacy", "2026-07-28"]


@dataclass(slots=True)
class MemoryStorage:
    """What an MCP client remembers of a login."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


@dataclass(slots=True)
class Browser:
    """A person at a browser: follows redirects, keeps cookies, sends every form it is shown."""

    login: str
    visited: list[str] = field(default_factory=list)
    callback: str = ""

    async def open(self, url: str) -> None:
        """Go on until the provider redirects back to the client."""
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
            while not url.startswith(REDIRECT_URI):
                self.visited.append(url)
                assert len(self.visited) < 20, f"the login goes in circles: {self.visited}"
                url = await self._step(session, url)
        self.callback = url

    async def answer(self) -> AuthorizationCodeResult:
        """What the client reads from the callback URL."""
        query = {
            name: values[0] for name, values in parse_qs(urlsplit(self.callback).query).items()
        }
        assert "code" in query, f"the login failed: {query}"
        return AuthorizationCodeResult(
            code=query["code"], state=query.get("state"), iss=query.get("iss")
        )

    async def _step(self, session: ClientSession, url: str) -> str:
        async with session.get(url, allow_redirects=False) as shown:
            if "Location" in shown.headers:
                return urljoin(url, shown.headers["Location"])
            assert shown.status == 200, f"{url}: {shown.status} {await shown.text()}"
        form = {"login": self.login}
        async with session.post(url, data=form, allow_redirects=False) as sent:
            assert "Location" in sent.headers, f"{url}: {sent.status} {await sent.text()}"
            return urljoin(url, sent.headers["Location"])


@dataclass(slots=True)
class Person:
    """Someone with an MCP client: what they typed, their browser and what the client stored.

    `metadata_url` is that of the client's document where it has one.
    """

    server_url: str
    login: str = "ada"
    storage: MemoryStorage = field(default_factory=MemoryStorage)
    metadata_url: str | None = None
    provider: OAuthClientProvider | None = None
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = Browser(self.login)

    @property
    def access_token(self) -> str:
        assert self.storage.tokens is not None, "nobody logged in yet"
        return self.storage.tokens.access_token

    def oauth(self) -> OAuthClientProvider:
        """The SDK's client for discovery, registration, PKCE and tokens."""
        self.provider = OAuthClientProvider(
            self.server_url,
            OAuthClientMetadata(
                client_name="SDK client",
                redirect_uris=[AnyUrl(REDIRECT_URI)],
                token_endpoint_auth_method="none",  # noqa: S106 - a public client
            ),
            self.storage,
            self.browser.open,
            self.browser.answer,
            client_metadata_url=self.metadata_url,
        )
        return self.provider


@asynccontextmanager
async def connected_client(
    person: Person, mode: Mode, *, headers: dict[str, str] | None = None
) -> AsyncIterator[Client]:
    """An SDK client that logs in when it is challenged; `headers` go with every request."""
    async with httpx2.AsyncClient(
        auth=person.oauth(), headers=headers, timeout=LIMIT_S
    ) as http_client:
        transport = streamable_http_client(person.server_url, http_client=http_client)
        async with Client(transport, mode=mode, read_timeout_seconds=LIMIT_S) as client:
            yield client


@asynccontextmanager
async def connected_sse_client(person: Person) -> AsyncIterator[Client]:
    """The same over the HTTP+SSE transport of 2024-11-05, which knows the handshake only."""
    transport = sse_client(person.server_url, auth=person.oauth())
    async with Client(transport, mode="legacy", read_timeout_seconds=LIMIT_S) as client:
        yield client
