"""HTTP as the client speaks it: bounded, without redirects, without cookies."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from types import TracebackType
from typing import Literal, Self

import aiohttp

from gateway.client.failure import ClientFailure
from gateway.client.urls import is_confidential, origin_of
from gateway.identity.token.leniency import without_nulls
from gateway.strict_json import parse_json_object

MAX_DOCUMENT_BYTES = 1024 * 1024
EXCHANGE_LIMIT_S = 30.0
CONNECT_LIMIT_S = 10.0
SILENCE_LIMIT_S = 300.0  # of a tool that runs and says nothing

VERSION = version("mcp-auth-gateway")
_USER_AGENT = f"mcpgw/{VERSION}"


@dataclass(frozen=True, slots=True)
class WebRequest:
    """One request: `form` is sent URL-encoded, `json` as JSON; neither for no body."""

    url: str
    method: Literal["GET", "POST", "DELETE"] = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    json: object = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """A whole answer."""

    status: int
    challenges: Sequence[str]
    body: bytes = field(repr=False)

    @property
    def document(self) -> Mapping[str, object] | None:
        """The JSON object of the body without its nulls; None where there is none."""
        try:
            return without_nulls(parse_json_object(self.body))
        except ValueError:
            return None


class Web:
    """Sends requests; used as an async context manager.

    Proxies and certificates of the environment count (`HTTPS_PROXY`, `SSL_CERT_FILE`): this
    runs on a person's machine.
    """

    def __init__(self, *, silence_limit_s: float = SILENCE_LIMIT_S) -> None:
        self._silence_limit_s = silence_limit_s
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": _USER_AGENT},
            trust_env=True,
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

    async def send(self, request: WebRequest) -> WebAnswer:
        """Send one request and read its answer, whatever the status. Raises `ClientFailure`."""
        limit = aiohttp.ClientTimeout(total=EXCHANGE_LIMIT_S, sock_connect=CONNECT_LIMIT_S)
        async with self._opened(request, limit) as response:
            body = await read_body(response, MAX_DOCUMENT_BYTES)
            return WebAnswer(response.status, challenges_of(response), body)

    @asynccontextmanager
    async def open(self, request: WebRequest) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send one request; the block reads its answer as it comes. Raises `ClientFailure`."""
        limit = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_LIMIT_S, sock_read=self._silence_limit_s
        )
        async with self._opened(request, limit) as response:
            yield response

    @asynccontextmanager
    async def _opened(
        self, request: WebRequest, limit: aiohttp.ClientTimeout
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if not is_confidential(request.url) or self._session is None:
            raise ClientFailure(f"{request.url} is not https, so nothing is sent there")
        host = origin_of(request.url)
        try:
            async with self._session.request(
                request.method,
                request.url,
                headers=request.headers,
                data=request.form,
                json=request.json,
                timeout=limit,
                # A redirect would carry tokens to where nobody has checked.
                allow_redirects=False,
            ) as response:
                yield response
        except aiohttp.ClientConnectorCertificateError as error:
            raise ClientFailure(
                f"the certificate of {host} is not trusted; SSL_CERT_FILE names a file of"
                f" authorities that are ({error.certificate_error})"
            ) from error
        except TimeoutError as error:
            raise ClientFailure(f"{host} did not answer in time; try again") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ClientFailure(
                f"{host} cannot be reached ({error}); check the address and the network"
            ) from error


async def read_body(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """The whole body. Raises `ClientFailure` when it is too long."""
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > max_bytes:
            raise ClientFailure(f"{origin_of(str(response.url))} sent more than can be read")
    return bytes(body)


def challenges_of(response: aiohttp.ClientResponse) -> Sequence[str]:
    """The values of WWW-Authenticate."""
    return response.headers.getall("WWW-Authenticate", ())
