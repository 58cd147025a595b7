"""Talking to issuers over HTTP: bounded in time and size, without redirects or proxies."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

import aiohttp

from gateway.errors import ConfigError
from gateway.http.message_head import applied_codings, field_lines
from gateway.oauth.resource import is_loopback
from gateway.resilience.document import (
    AnswerUnreadable,
    FetchedDocument,
    FetchFailed,
    HostUnreachable,
)
from gateway.strict_json import parse_json

MAX_DOCUMENT_BYTES = 1024 * 1024
TOTAL_TIMEOUT_S = 5.0
# Below the second retransmission of a lost SYN (1 s, then 3 s): after an outage, a fresh
# attempt gets through sooner than one that began while packets were dropped.
CONNECT_TIMEOUT_S = 2.0
KEEPALIVE_S = 4.0  # below the 5 s after which common servers close an idle connection

_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=\"?(\d{1,9})", re.IGNORECASE)
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `form` is sent URL-encoded, `json` as JSON; neither for a GET."""

    url: str
    method: Literal["GET", "POST"] = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    json: object = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `document` is the JSON of the body, None where it is not JSON."""

    status: int
    document: object = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Fetcher:
    """Exchanges JSON with one issuer; used as an async context manager.

    `ca_file` replaces the system's trust store; raises `ConfigError` when it cannot be read.
    `insecure_http` permits plain http to other hosts than loopback. `connections` is how many
    there may be at once; more than one is kept open between requests.
    """

    def __init__(
        self,
        *,
        ca_file: Path | None = None,
        insecure_http: bool = False,
        timeout_s: float = TOTAL_TIMEOUT_S,
        max_bytes: int = MAX_DOCUMENT_BYTES,
        connections: int = 1,
    ) -> None:
        self._tls = _tls_context(ca_file)
        self._insecure_http = insecure_http
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=CONNECT_TIMEOUT_S)
        self._max_bytes = max_bytes
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=self._connector(),
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            trust_env=False,
            auto_decompress=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get_json(self, url: str, headers: Mapping[str, str] | None = None) -> FetchedDocument:
        """Get one JSON object. Raises `FetchFailed` for everything else that can happen."""
        answer = await self.send(Call(url, headers=headers or {}))
        if answer.status != HTTPStatus.OK:
            raise FetchFailed(f"GET {url}: status {answer.status}")
        if not isinstance(answer.document, dict):
            raise FetchFailed(f"GET {url}: not a JSON object")
        return FetchedDocument(answer.document, _max_age(answer.headers))

    async def send(self, call: Call) -> Answer:
        """Send one request and read the whole answer, whatever its status.

        Raises `HostUnreachable` when no answer came, `AnswerUnreadable` for one that is too
        large, compressed, or no JSON although its status is 200, and `FetchFailed`.
        """
        self._check_url(call.url)
        if self._session is None:
            raise FetchFailed("the fetcher is not open")
        try:
            field_lines((name.encode(), value.encode()) for name, value in call.headers.items())
            # A redirect could lead to an address that nobody configured.
            async with self._session.request(
                call.method,
                call.url,
                headers=call.headers,
                data=call.form,
                json=call.json,
                allow_redirects=False,
            ) as response:
                body = await self._read(response)
                document = _parse(response.status, body)
                return Answer(response.status, document, response.headers)
        except OSError as error:  # timeouts too, ours and aiohttp's
            raise HostUnreachable(_complaint(call, error)) from error
        except aiohttp.ClientError as error:
            raise FetchFailed(_complaint(call, error)) from error
        except ValueError as error:
            raise AnswerUnreadable(_complaint(call, error)) from error

    def _connector(self) -> aiohttp.TCPConnector:
        if self._connections == 1:
            # A document once in minutes: an idle connection would be dead when it is needed.
            return aiohttp.TCPConnector(ssl=self._tls, limit=4, force_close=True)
        return aiohttp.TCPConnector(
            ssl=self._tls, limit=self._connections, keepalive_timeout=KEEPALIVE_S
        )

    def _check_url(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError as error:
            raise FetchFailed("not a URL") from error
        if parts.username is not None or parts.password is not None or not host:
            raise FetchFailed("not a URL of a host without credentials")
        plain_allowed = self._insecure_http or is_loopback(host)
        if parts.scheme != "https" and not (parts.scheme == "http" and plain_allowed):
            raise FetchFailed(f"{url} is not https")

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        # Not asked for, and a few KB of it can unpack to gigabytes.
        values = response.headers.getall("Content-Encoding", ())
        if codings := applied_codings(value.encode() for value in values):
            raise ValueError(f"the body has the content coding {codings[0].decode():.20}")
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > self._max_bytes:
                raise ValueError(f"more than {self._max_bytes} bytes")
        return bytes(body)


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # a file that holds no certificate, too
        raise ConfigError(f"{ca_file}: not a readable file of PEM certificates") from error


def _parse(status: int, body: bytes) -> object:
    try:
        return parse_json(body)
    except ValueError:
        if status == HTTPStatus.OK:
            raise
        return None  # an error page


def _complaint(call: Call, error: Exception) -> str:
    return f"{call.method} {call.url}: {type(error).__name__}: {error}"


def _max_age(headers: Mapping[str, str]) -> float | None:
    found = _MAX_AGE.search(headers.get("Cache-Control", ""))
    return float(found.group(1)) if found else None
