"""Logs people in as a browser and a client would: RFC 6749 §4.1, by the gateway's own pages."""

import base64
import hashlib
import html
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import ClientSession, CookieJar, DummyCookieJar

from benchmarks.processes import BenchmarkError

REDIRECT_URI = "http://127.0.0.1/callback"
_ACTION = re.compile(r'<form method="post" action="([^"]+)"')
_FLOW = re.compile(r'name="flow" value="([^"]+)"')
_GOES_TO = re.compile(r'http-equiv="refresh" content="[^"]*?url=([^"]+)"', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LoginClient:
    """A registered client of one authorization server, and the account that logs in."""

    origin: str
    client_id: str
    name: str
    password: str

    async def log_in(self) -> Mapping[str, str]:
        """From the authorization request to the tokens. Raises `BenchmarkError`."""
        verifier = secrets.token_urlsafe(32)
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT_URI,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
            async with browser.get(f"{self.origin}/authorize?{urlencode(query)}") as answer:
                page = await answer.text()
            page = await _send(browser, page, decision="approve")
            page = await _send(browser, page, name=self.name, password=self.password)
        url = html.unescape(_found(_GOES_TO, page))
        form = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "code": parse_qs(urlsplit(url).query)["code"][0],
            "code_verifier": verifier,
            "redirect_uri": REDIRECT_URI,
        }
        return await ask_for_token(self.origin, form)


async def register(origin: str) -> str:
    """Register a client; its id."""
    body = {"redirect_uris": [REDIRECT_URI], "client_name": "Benchmark"}
    async with (
        ClientSession() as session,
        session.post(f"{origin}/register", json=body) as answer,
    ):
        document = await answer.json()
    return str(document["client_id"])


async def ask_for_token(origin: str, form: Mapping[str, str]) -> Mapping[str, str]:
    """Post to the token endpoint. Raises `BenchmarkError` when it refuses."""
    async with (
        ClientSession(cookie_jar=DummyCookieJar()) as session,
        session.post(f"{origin}/token", data=form) as answer,
    ):
        document: Mapping[str, str] = await answer.json()
        if answer.status != 200:  # noqa: PLR2004  # OK
            raise BenchmarkError(f"/token answers {answer.status}: {document}")
    return document


async def _send(browser: ClientSession, page: str, **fields: str) -> str:
    form = {"flow": html.unescape(_found(_FLOW, page)), **fields}
    async with browser.post(html.unescape(_found(_ACTION, page)), data=form) as answer:
        return await answer.text()


def _found(pattern: re.Pattern[str], page: str) -> str:
    match = pattern.search(page)
    if match is None:
        raise BenchmarkError(f"no {pattern.pattern} in a page: {page[-600:]}")
    return match[1]
