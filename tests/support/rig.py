"""The gateway between an issuer and an upstream that the test controls byte for byte."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.support.gateway import FullKeys, full_config, running_gateway, short_config
from tests.support.ports import reserved_port
from tests.support.raw_http import RawResponse, exchange, post
from tests.support.recording_upstream import RecordingUpstream
from tests.support.token_signer import TokenSigner

CALL = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}'


@dataclass(frozen=True, slots=True)
class Rig:
    """One gateway in front of one recording upstream, for tokens of one signer."""

    port: int
    admin_port: int
    upstream: RecordingUpstream
    signer: TokenSigner

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def resource(self) -> str:
        return f"{self.origin}/mcp"

    def token(self, *, header: Mapping[str, object] | None = None, **changes: object) -> str:
        """A token for this gateway's server with changes to its claims or its header."""
        return self.signer.token(self.resource, header=header, key=None, **changes)

    async def send(self, request: bytes) -> RawResponse:
        """Send exactly these bytes on a new connection."""
        return await exchange(self.port, request)

    async def call(
        self, *, token: str | None = None, body: bytes = CALL, headers: bytes = b""
    ) -> RawResponse:
        """Post a message; without a token of its own it carries a good one."""
        credential = self.token() if token is None else token
        return await self.send(post(self.port, body, token=credential, headers=headers))

    def request(self, method: str, path: str, *, host: str = "", headers: bytes = b"") -> bytes:
        """The bytes of a request without a body and without a token."""
        authority = host or f"127.0.0.1:{self.port}"
        head = f"{method} {path} HTTP/1.1\r\nHost: {authority}\r\n"
        return head.encode("latin-1") + headers + b"\r\n"


@asynccontextmanager
async def running_rig(
    more: str = "", *, issuer: str = "", server: str = "", upstream: str = ""
) -> AsyncIterator[Rig]:
    """Start all three; `more` is further top-level YAML of the gateway.

    `issuer`, `server` and `upstream` are further keys of each, in YAML's flow style.
    """
    with reserved_port() as port:
        async with RecordingUpstream() as recording, TokenSigner() as signer:
            if issuer or server or upstream:
                further = FullKeys(issuer, server, upstream)
                config = full_config(port, recording.url, signer.issuer, further) + more
            else:
                config = short_config(port, recording.url, signer.issuer, more=more)
            async with running_gateway(config) as gateway:
                yield Rig(gateway.port, gateway.admin_port, recording, signer)
