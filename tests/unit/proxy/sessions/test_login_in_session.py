"""The second handshake, for a caller who logs in within a stranger's session."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

import pytest

from gateway.config.model import Forward, Upstream
from gateway.errors import UnknownSession
from gateway.mcp.message import Message
from gateway.proxy.limits.caller import CallerAtAddress
from gateway.proxy.outgoing.legacy_endpoint import LegacyEndpoints
from gateway.proxy.outgoing.request_head import HeaderPolicy
from gateway.proxy.sessions.login_in_session import LoginInSession, Rehandshake
from gateway.proxy.upstream.forward import Forwarder, RequestContext
from gateway.proxy.upstream.pool import UpstreamPool
from gateway.resilience.single_flight import SingleFlight
from gateway.sealing.seal import Seal
from tests.support.hand_clock import HandClock
from tests.support.heads import head
from tests.support.recording_upstream import RecordingUpstream, json_reply
from tests.unit.proxy.sending import delivery
from tests.unit.proxy.sessions.test_sessions import ADA, EVE, KEY, NOBODY, World

GREETING = b'{"jsonrpc":"2.0","id":"a","method":"initialize","params":{"mine":true}}'
HELLO = [Message("request", "initialize", "a")]
ACCEPTED = json_reply(b"", status="202 Accepted")


def given(upstream_id: str) -> bytes:
    return json_reply(b"{}", headers=f"Mcp-Session-Id: {upstream_id}\r\n".encode())


@pytest.fixture
async def upstream() -> AsyncIterator[RecordingUpstream]:
    async with RecordingUpstream() as running:
        yield running


@pytest.fixture
def world(clock: HandClock) -> World:
    return World(clock)


@pytest.fixture
def rehandshake(
    world: World, pool: UpstreamPool, upstream: RecordingUpstream, flights: SingleFlight
) -> Rehandshake:
    policy = HeaderPolicy(Forward(), Upstream(url=upstream.url), pool.target.authority)
    forwarder = Forwarder(
        pool,
        policy,
        pool.target,
        public_url="https://mcp.example.com/mcp",
        endpoints=LegacyEndpoints("files", Seal(KEY), 60.0),
    )
    return Rehandshake(world.sessions, forwarder, (), flights)


def login(value: str, caller: CallerAtAddress = ADA) -> LoginInSession:
    sent = head(headers=[("Mcp-Session-Id", value), ("MCP-Protocol-Version", "2025-06-18")])
    context = RequestContext("request-id-1", caller.address)
    return LoginInSession(caller, sent, "the token", time.time(), context)


def methods(upstream: RecordingUpstream) -> list[str]:
    return [json.loads(each.body)["method"] for each in upstream.requests]


@pytest.mark.requirement("S7")
async def test_a_caller_gets_a_session_of_its_own_for_the_strangers_value(
    world: World, rehandshake: Rehandshake, upstream: RecordingUpstream
) -> None:
    value = world.begin(NOBODY)
    upstream.replies += [given("adas"), ACCEPTED]

    session = await rehandshake.begin(login(value))

    assert session.upstream_id == b"adas"
    found = world.find(value, ADA)
    assert found is session
    assert methods(upstream) == ["initialize", "notifications/initialized"]
    assert [each.value("Mcp-Session-Id") for each in upstream.requests] == [None, "adas"]


async def test_the_clients_own_greeting_is_repeated_where_it_is_known(
    world: World, rehandshake: Rehandshake, upstream: RecordingUpstream
) -> None:
    value = world.begin(NOBODY)
    rehandshake.remember(delivery([(b"Mcp-Session-Id", value.encode())]), HELLO, GREETING)
    upstream.replies += [given("adas"), ACCEPTED]

    await rehandshake.begin(login(value))

    assert upstream.requests[0].body == GREETING


async def test_a_greeting_that_is_not_known_offers_nothing_in_the_clients_revision(
    world: World, rehandshake: Rehandshake, upstream: RecordingUpstream
) -> None:
    value = world.begin(NOBODY)
    upstream.replies += [given("adas"), ACCEPTED]

    await rehandshake.begin(login(value))

    params = json.loads(upstream.requests[0].body)["params"]
    assert (params["protocolVersion"], params["capabilities"]) == ("2025-06-18", {})


async def test_all_who_wait_for_one_handshake_get_its_session(
    world: World, rehandshake: Rehandshake, upstream: RecordingUpstream
) -> None:
    value = world.begin(NOBODY)
    upstream.replies += [given("adas"), ACCEPTED]

    one, other = await asyncio.gather(
        rehandshake.begin(login(value)), rehandshake.begin(login(value))
    )

    assert one is other
    assert len(upstream.requests) == 2


@pytest.mark.requirement("S7")
async def test_everybody_gets_another_session(
    world: World, rehandshake: Rehandshake, upstream: RecordingUpstream
) -> None:
    value = world.begin(NOBODY)
    upstream.replies += [given("adas"), ACCEPTED, given("eves"), ACCEPTED]

    await rehandshake.begin(login(value, ADA))
    await rehandshake.begin(login(value, EVE))

    owned = [world.find(value, caller) for caller in (ADA, EVE)]
    assert [each.upstream_id for each in owned if each] == [b"adas", b"eves"]


@pytest.mark.parametrize("reply", [json_reply(b"{}"), json_reply(b"{}", status="400 Bad Request")])
async def test_a_server_that_gives_no_session_makes_the_value_unknown(
    world: World, rehandshake: Rehandshake, upstream: RecordingUpstream, reply: bytes
) -> None:
    value = world.begin(NOBODY)
    upstream.replies.append(reply)

    with pytest.raises(UnknownSession):
        await rehandshake.begin(login(value))

    assert methods(upstream) == ["initialize"]
