"""What the gateway itself asks of a server."""

import json
from collections.abc import AsyncIterator

import pytest

from gateway.errors import IdentityUnavailable, UpstreamInvalid
from gateway.http.message_head import Lines, field_lines
from gateway.proxy.outgoing.header_source import OutgoingCall
from gateway.proxy.upstream.gateway_requests import OwnRequests
from gateway.proxy.upstream.pool import UpstreamPool
from tests.support.recording_upstream import RecordingUpstream, json_reply

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
ELSEWHERE = b"HTTP/1.1 307 X\r\nLocation: http://other.example/\r\nContent-Length: 0\r\n\r\n"


class OwnCredential:
    """A header source that tells which session it was asked about."""

    def __init__(self) -> None:
        self.calls: list[OutgoingCall] = []

    async def __call__(self, call: OutgoingCall) -> Lines:
        self.calls.append(call)
        return field_lines([(b"Authorization", b"Bearer own")])


async def callers_only(call: OutgoingCall) -> Lines:
    """A header source that has nothing to show without a caller."""
    raise IdentityUnavailable("Whose token?", reason="credential_unavailable")


@pytest.fixture
async def upstream() -> AsyncIterator[RecordingUpstream]:
    async with RecordingUpstream() as running:
        yield running


async def test_a_message_goes_with_the_gateways_own_credential(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    source = OwnCredential()

    response = await OwnRequests(pool, pool.target, [source]).send(
        b"POST", PING, [(b"Mcp-Session-Id", b"s1")]
    )

    assert response.status == 200
    sent = upstream.last
    assert (sent.value("Authorization"), sent.value("Mcp-Session-Id")) == ("Bearer own", "s1")
    assert json.loads(sent.body) == PING
    (call,) = source.calls
    assert (call.principal, call.session) == (None, b"s1")


async def test_where_only_a_caller_can_ask_nothing_is_sent(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    with pytest.raises(UpstreamInvalid) as caught:
        await OwnRequests(pool, pool.target, [callers_only]).send(b"POST", PING, [])

    assert caught.value.seen == "credential_unavailable"
    upstream.assert_untouched()


async def test_what_no_head_can_hold_is_not_sent(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    with pytest.raises(UpstreamInvalid):
        await OwnRequests(pool, pool.target, []).send(b"POST", PING, [(b"X", b"a\r\nY: b")])

    upstream.assert_untouched()


async def test_a_redirect_to_itself_is_followed_and_one_elsewhere_is_not(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    requests = OwnRequests(pool, pool.target, [])
    here = f"HTTP/1.1 308 X\r\nLocation: {upstream.url}/\r\nContent-Length: 0\r\n\r\n"
    upstream.replies.append(here.encode())

    assert (await requests.send(b"POST", PING, [])).status == 200

    assert [each.target for each in upstream.requests] == ["/mcp", "/mcp/"]
    upstream.replies.append(ELSEWHERE)
    with pytest.raises(UpstreamInvalid):
        await requests.send(b"POST", PING, [])


@pytest.mark.parametrize("reply", [json_reply(b"{}"), b"no http\r\n\r\n"])
async def test_a_session_is_ended_whether_the_server_hears_it_or_not(
    pool: UpstreamPool, upstream: RecordingUpstream, reply: bytes
) -> None:
    upstream.replies.append(reply)

    await OwnRequests(pool, pool.target, []).end_session(b"s1")

    assert (upstream.last.method, upstream.last.value("Mcp-Session-Id")) == ("DELETE", "s1")
