"""The connections to one issuer: aiohttp's client, without redirects, cookies or proxies."""

import ssl
from collections.abc import Mapping

import aiohttp

from gateway.http.message_head import applied_codings
from gateway.identity.provider.address_guard import AddressGuard
from gateway.identity.provider.guarded_resolver import GuardedResolver
from gateway.identity.provider.raw_answer import RawAnswer
from gateway.resilience.document import FetchFailed

# Below the second retransmission of a lost SYN (1 s, then 3 s): after an outage, a fresh
# attempt gets through sooner than one that began while packets were dropped.
CONNECT_TIMEOUT_S = 2.0
KEEPALIVE_S = 4.0  # below the 5 s after which common servers close an idle connection

_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}


class HttpSession:
    """Sends requests to one issuer; made and closed on the event loop."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext,
        timeout_s: float,
        max_bytes: int,
        connections: int,
        guard: AddressGuard | None,
    ) -> None:
        self._max_bytes = max_bytes
        self._session = aiohttp.ClientSession(
            connector=_connector(connections, tls, guard),
            timeout=aiohttp.ClientTimeout(total=timeout_s, sock_connect=CONNECT_TIMEOUT_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            trust_env=False,
            auto_decompress=False,
        )

    async def aclose(self) -> None:
        """Close what is open."""
        await self._session.close()

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None,
        json: object,
    ) -> RawAnswer:
        """Send one request and read the whole answer.

        Raises OSError when no answer came, `AddressForbidden`, and `FetchFailed`.
        """
        try:
            # A redirect could lead to an address that nobody configured.
            async with self._session.request(
                method, url, headers=headers, data=form, json=json, allow_redirects=False
            ) as response:
                return await self._read(response)
        except OSError:  # aiohttp has errors that are of both kinds
            raise
        except aiohttp.ClientError as error:
            raise FetchFailed(f"{type(error).__name__}: {error}") from error

    async def _read(self, response: aiohttp.ClientResponse) -> RawAnswer:
        # Not asked for, and a few KB of it can unpack to gigabytes.
        values = response.headers.getall("Content-Encoding", ())
        if codings := applied_codings(value.encode() for value in values):
            unread = f"the body has the content coding {codings[0].decode():.20}"
            return RawAnswer(response.status, response.headers, unread=unread)
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > self._max_bytes:
                unread = f"more than {self._max_bytes} bytes"
                return RawAnswer(response.status, response.headers, unread=unread)
        return RawAnswer(response.status, response.headers, bytes(body))


def _connector(
    connections: int, tls: ssl.SSLContext, guard: AddressGuard | None
) -> aiohttp.TCPConnector:
    if guard is not None:
        # Each name is resolved for the one connection: no answer from before is dialled.
        return aiohttp.TCPConnector(
            ssl=tls,
            limit=connections,
            force_close=True,
            resolver=GuardedResolver(guard),
            use_dns_cache=False,
        )
    if connections == 1:
        # A document once in minutes: an idle connection would be dead when it is needed.
        return aiohttp.TCPConnector(ssl=tls, limit=4, force_close=True)
    return aiohttp.TCPConnector(ssl=tls, limit=connections, keepalive_timeout=KEEPALIVE_S)
