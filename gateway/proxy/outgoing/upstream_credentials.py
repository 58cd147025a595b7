"""What the gateway shows to an upstream as its credential: one of four kinds, never a fall-back."""

from pathlib import Path

from gateway.errors import (
    IdentityUnavailable,
    UpstreamCredentialRefused,
    UpstreamCredentialUnavailable,
)
from gateway.http.message_head import NO_LINES, Lines, field_lines
from gateway.identity.provider.own_tokens import OwnTokens
from gateway.identity.provider.token_exchange import TokenExchanges
from gateway.identity.token.token_issuers import TokenIssuers
from gateway.proxy.outgoing.header_source import OutgoingCall

MAX_VALUE_BYTES = 64 * 1024


class StaticHeader:
    """The same header with every request; the file that holds its value is read on change."""

    def __init__(self, name: str, path: Path) -> None:
        self._name = name
        self._path = path
        self._version: tuple[int, int, int] | None = None
        self._line = NO_LINES

    async def __call__(self, call: OutgoingCall) -> Lines:
        """The header line. Raises `UpstreamCredentialUnavailable` without a usable value."""
        try:
            state = self._path.stat()
            version = (state.st_mtime_ns, state.st_size, state.st_ino)
            if version != self._version:
                self._line = field_lines([(self._name.encode("ascii"), self._read())])
                self._version = version
        except (OSError, ValueError) as error:
            raise UpstreamCredentialUnavailable from error
        return self._line

    def _read(self) -> bytes:
        with self._path.open("rb") as file:
            content = file.read(MAX_VALUE_BYTES + 1)
        value = content.strip(b" \t\r\n")
        if len(content) > MAX_VALUE_BYTES or not value or not value.isascii():
            raise ValueError(f"{self._path} does not hold one header value")
        return value


class OwnToken:
    """A token of the gateway's own: RFC 6749 §4.4."""

    def __init__(self, tokens: OwnTokens) -> None:
        self._tokens = tokens

    async def __call__(self, call: OutgoingCall) -> Lines:
        """The header line. Raises `UpstreamCredentialUnavailable`."""
        claims = call.principal.claims if call.principal is not None else {}
        try:
            return bearer_line(await self._tokens.token(claims))
        except IdentityUnavailable as error:
            raise UpstreamCredentialUnavailable(error.retry_after_s) from error


class ExchangedToken:
    """A token for the upstream in the caller's name: RFC 8693.

    `issuers` are whose tokens the endpoint may see.
    """

    def __init__(self, exchanges: TokenExchanges, issuers: TokenIssuers) -> None:
        self._exchanges = exchanges
        self._issuers = issuers

    async def __call__(self, call: OutgoingCall) -> Lines:
        """The header line.

        Raises `UpstreamCredentialRefused`, also for a caller without a token, and
        `UpstreamCredentialUnavailable`.
        """
        if call.principal is None or call.token is None:
            raise UpstreamCredentialRefused("The server behind the gateway needs a known caller.")
        _check_not_ours(call)
        if not self._issuers.includes(call.principal):
            raise UpstreamCredentialRefused("There is no token here for callers of your issuer.")
        try:
            token = await self._exchanges.exchange(call.principal, call.token, call.now)
        except IdentityUnavailable as error:
            raise UpstreamCredentialUnavailable(error.retry_after_s) from error
        return bearer_line(token)


async def forward_token(call: OutgoingCall) -> Lines:
    """The caller's own token; what MCP forbids unless the operator names it insecure.

    Raises `UpstreamCredentialRefused` for an API key.
    """
    _check_not_ours(call)
    return NO_LINES if call.token is None else bearer_line(call.token)


def _check_not_ours(call: OutgoingCall) -> None:
    """Refuse to show an API key to anybody: it opens every server of this gateway."""
    if call.principal is not None and call.principal.scheme == "api_key":
        raise UpstreamCredentialRefused("The server behind the gateway takes no API keys.")


def bearer_line(token: str) -> Lines:
    """The header line of a token. Raises `UpstreamCredentialUnavailable` for what is none."""
    try:
        return field_lines([(b"Authorization", b"Bearer " + token.encode("ascii"))])
    except ValueError as error:
        raise UpstreamCredentialUnavailable from error
