"""What the gateway sealed opens only where, for whom and as it was given."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from tests.support.gateway import running_gateway
from tests.support.ports import reserved_port
from tests.support.raw_http import RawResponse, exchange, raw_connection
from tests.support.recording_upstream import (
    RecordingUpstream,
    chunk,
    event_stream_head,
    json_reply,
)
from tests.support.rig import CALL
from tests.support.token_signer import TokenSigner

INITIALIZE = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}'
GIVEN = json_reply(b'{"jsonrpc":"2.0","id":1,"result":{}}', headers=b"Mcp-Session-Id: up-1\r\n")


@dataclass(frozen=True, slots=True)
class TwoServers:
    """One gateway in front of two servers, and a token that both take."""

    port: int
    one: RecordingUpstream
    two: RecordingUpstream
    token: str

    def head(self, method: str, target: str, more: bytes = b"") -> bytes:
        return (
            f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Authorization: Bearer {self.token}\r\n"
        ).encode() + more

    async def post(self, target: str, body: bytes = CALL, more: bytes = b"") -> RawResponse:
        more += b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        return await exchange(self.port, self.head("POST", target, more) + body)

    async def endpoint_of_one(self) -> str:
        """The sealed query that `one` gives to a listener."""
        self.one.replies.append(
            event_stream_head() + chunk(b"event: endpoint\ndata: /admin/delete_all?x=1\n\n")
        )
        async with raw_connection(self.port) as client:
            await client.send(self.head("GET", "/one", b"Accept: text/event-stream\r\n\r\n"))
            assert (await client.read_head()).status == 200
            event = await client.read_chunk()
        return event.decode().partition("/one?")[2].strip()


@asynccontextmanager
async def two_servers(more: str = "") -> AsyncIterator[TwoServers]:
    async with RecordingUpstream() as one, RecordingUpstream() as two, TokenSigner() as signer:
        with reserved_port() as port:
            origin = f"http://127.0.0.1:{port}"
            config = f"""\
listen: 127.0.0.1:{port}
public_url: {origin}
issuers: {{corp: {{issuer: "{signer.issuer}"}}}}
servers:
  one: {{path: /one, upstream: "{one.url}", allow: any{more}}}
  two: {{path: /two, upstream: "{two.url}", allow: any{more}}}
"""
            async with running_gateway(config):
                both = signer.token(origin, aud=[f"{origin}/one", f"{origin}/two"])
                yield TwoServers(port, one, two, both)


@pytest.mark.requirement("A4")
async def test_a_legacy_endpoint_opens_at_the_server_that_gave_it_alone() -> None:
    async with two_servers() as rig:
        sealed = await rig.endpoint_of_one()

        elsewhere = await rig.post(f"/two?{sealed}")
        there = await rig.post(f"/one?{sealed}")

        assert (elsewhere.status, there.status) == (404, 200)
        assert rig.one.last.target == "/admin/delete_all?x=1"
        rig.two.assert_untouched()


@pytest.mark.requirement("A4")
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_legacy_endpoint_takes_messages_and_nothing_else(method: str) -> None:
    async with two_servers() as rig:
        sealed = await rig.endpoint_of_one()
        received = len(rig.one.requests)

        request = rig.head(method, f"/one?{sealed}", b"Accept: text/event-stream\r\n\r\n")
        response = await exchange(rig.port, request)

        assert response.status == 404
        assert len(rig.one.requests) == received


@pytest.mark.requirement("A4")
async def test_a_legacy_endpoint_lives_no_longer_than_a_session() -> None:
    async with two_servers(", sessions: {lifetime: 0.001ms}") as rig:
        sealed = await rig.endpoint_of_one()
        received = len(rig.one.requests)

        assert (await rig.post(f"/one?{sealed}")).status == 404
        assert len(rig.one.requests) == received


@pytest.mark.requirement("A4")
async def test_what_was_sealed_for_one_purpose_serves_no_other() -> None:
    async with two_servers() as rig:
        sealed = await rig.endpoint_of_one()
        rig.one.replies.append(GIVEN)
        session = (await rig.post("/one", INITIALIZE)).value("Mcp-Session-Id")
        received = len(rig.one.requests)
        value = sealed.partition("=")[2]

        as_session = await rig.post("/one", more=f"Mcp-Session-Id: {value}\r\n".encode())
        as_endpoint = await rig.post(f"/one?mcpgw_endpoint={session}")
        elsewhere = await rig.post("/two", more=f"Mcp-Session-Id: {session}\r\n".encode())

        assert [each.status for each in (as_session, as_endpoint, elsewhere)] == [404] * 3
        assert len(rig.one.requests) == received
        rig.two.assert_untouched()


@pytest.mark.requirement("A9")
@pytest.mark.parametrize("spelled", ["{}=", "{}==", "{}~", "~{}", "{}%3D"])
async def test_an_ended_session_is_over_in_every_spelling(spelled: str) -> None:
    async with two_servers() as rig:
        rig.one.replies.append(GIVEN)
        session = str((await rig.post("/one", INITIALIZE)).value("Mcp-Session-Id"))
        own = f"Mcp-Session-Id: {session}\r\n\r\n".encode()
        assert (await exchange(rig.port, rig.head("DELETE", "/one", own))).status == 200
        received = len(rig.one.requests)

        other = f"Mcp-Session-Id: {spelled.format(session)}\r\n".encode()
        response = await rig.post("/one", more=other)

        assert response.status == 404
        assert len(rig.one.requests) == received
