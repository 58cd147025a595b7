"""Talking to issuers over HTTP: bounded in time and size, without redirects or proxies."""

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import urlsplit

from gateway.errors import ConfigError
from gateway.http.message_head import field_lines
from gateway.identity.provider.address_guard import AddressForbidden, AddressGuard
from gateway.identity.provider.raw_answer import RawAnswer
from gateway.oauth.resource import is_loopback
from gateway.resilience.document import (
    AnswerUnreadable,
    FetchedDocument,
    FetchFailed,
    HostUnreachable,
)
from gateway.strict_json import parse_json

if TYPE_CHECKING:
    from gateway.identity.provider.http_session import HttpSession

MAX_DOCUMENT_BYTES = 1024 * 1024
TOTAL_TIMEOUT_S = 5.0
_HTTPS = 443
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=\"?(\d{1,9})", re.IGNORECASE)


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
    there may be at once; more than one is kept open between requests. With a `guard`, which is for
    URLs that strangers name, loopback is no exception to anything.
    """

    def __init__(
        self,
        *,
        ca_file: Path | None = None,
        insecure_http: bool = False,
        timeout_s: float = TOTAL_TIMEOUT_S,
        max_bytes: int = MAX_DOCUMENT_BYTES,
        connections: int = 1,
        guard: AddressGuard | None = None,
    ) -> None:
        self._tls = None if ca_file is None else _tls_context(ca_file)
        self._insecure_http = insecure_http
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._connections = connections
        self._guard = guard
        self._is_open = False
        self._opening = asyncio.Lock()
        self._session: HttpSession | None = None

    async def __aenter__(self) -> Self:
        self._is_open = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_open = False
        if self._session is not None:
            await self._session.aclose()
            self._session = None

    async def get_json(self, url: str, headers: Mapping[str, str] | None = None) -> FetchedDocument:
        """Get one JSON object. Raises `FetchFailed` for everything else that can happen."""
        answer = await self.send(Call(url, headers=headers or {}))
        if answer.status != HTTPStatus.OK:
            raise FetchFailed(f"GET {url}: status {answer.status}")
        if not isinstance(answer.document, dict):
            raise FetchFailed(f"GET {url}: not a JSON object")
        return FetchedDocument(answer.document, parse_max_age(answer.headers))

    async def send(self, call: Call) -> Answer:
        """Send one request and read the whole answer, whatever its status.

        Raises `HostUnreachable` when no answer came, `AnswerUnreadable` for one that is too
        large, compressed, or no JSON although its status is 200, and `FetchFailed`.
        """
        raw = await self.receive(call)
        try:
            if raw.unread is not None:
                raise ValueError(raw.unread)
            return Answer(raw.status, _parse(raw.status, raw.body), raw.headers)
        except ValueError as error:
            raise AnswerUnreadable(_complaint(call, error)) from error

    async def receive(self, call: Call) -> RawAnswer:
        """Send one request and take the answer as it is, whatever is in it.

        Raises `HostUnreachable` when no answer came, `AddressForbidden`, and `FetchFailed`.
        """
        self._check_url(call.url)
        try:
            field_lines((name.encode(), value.encode()) for name, value in call.headers.items())
            session = self._session or await self._open()
            return await session.send(call.method, call.url, call.headers, call.form, call.json)
        except OSError as error:  # timeouts too
            raise HostUnreachable(_complaint(call, error)) from error
        except AddressForbidden:
            raise
        except FetchFailed as error:
            raise FetchFailed(f"{call.method} {call.url}: {error}") from error
        except ValueError as error:
            raise AnswerUnreadable(_complaint(call, error)) from error

    async def _open(self) -> "HttpSession":
        async with self._opening:
            if not self._is_open:
                raise FetchFailed("the fetcher is not open")
            if self._session is None:
                # In a thread: a late first question must not hold up what is served meanwhile.
                session_class, tls = await asyncio.to_thread(_prepare, self._tls)
                self._session = session_class(
                    tls=tls,
                    timeout_s=self._timeout_s,
                    max_bytes=self._max_bytes,
                    connections=self._connections,
                    guard=self._guard,
                )
            return self._session

    def _check_url(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
            port = _HTTPS if parts.port is None else parts.port
        except ValueError as error:
            raise FetchFailed("not a URL") from error
        if parts.username is not None or parts.password is not None or not host:
            raise FetchFailed("not a URL of a host without credentials")
        plain_allowed = self._insecure_http or (self._guard is None and is_loopback(host))
        if parts.scheme != "https" and not (parts.scheme == "http" and plain_allowed):
            raise FetchFailed(f"{url} is not https")
        if self._guard is not None:
            self._guard.check_host(host, port)


def _prepare(tls: ssl.SSLContext | None) -> "tuple[type[HttpSession], ssl.SSLContext]":
    # aiohttp takes 200 ms, and the system's authorities 25: a start whose keys are in a file asks
    # nobody, and is ready without them.
    from gateway.identity.provider.http_session import HttpSession  # see above

    return HttpSession, tls or _system_authorities()


@cache
def _system_authorities() -> ssl.SSLContext:
    return ssl.create_default_context()


def _tls_context(ca_file: Path) -> ssl.SSLContext:
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


def parse_max_age(headers: Mapping[str, str]) -> float | None:
    """For how many seconds an answer is called fresh, None when it does not say."""
    found = _MAX_AGE.search(headers.get("Cache-Control", ""))
    return float(found.group(1)) if found else None
