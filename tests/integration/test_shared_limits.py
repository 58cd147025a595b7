"""Limits that replicas count together, in a real Redis that goes away and comes back."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession
from redis.asyncio import Redis

from tests.integration.test_limits import check_refusal
from tests.integration.test_rules import error_of
from tests.support.gateway import FullKeys, full_config, running_gateway
from tests.support.ports import reserved_port
from tests.support.recording_upstream import RecordingUpstream
from tests.support.redis_server import RedisServer, running_redis
from tests.support.rig import CALL, Rig
from tests.support.token_signer import TokenSigner

LIMITS = 'limits: {per_principal: 6/m, per_tool: {"who*": 3/m}}'
OTHER_TOOL = CALL.replace(b"whoami", b"other")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with running_redis(tmp_path) as server:
        yield server


@asynccontextmanager
async def replicas(
    redis: RedisServer, more: str = "", limits: str = LIMITS
) -> AsyncIterator[tuple[Rig, Rig]]:
    """Two gateways with one issuer, one upstream and one store."""
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(RecordingUpstream())
        signer = await stack.enter_async_context(TokenSigner())
        rigs = []
        for _ in range(2):
            port = stack.enter_context(reserved_port())
            config = full_config(port, upstream.url, signer.issuer, FullKeys(server=limits))
            store = f"store: {{url: '{redis.url}'{more}}}\n"
            gateway = await stack.enter_async_context(running_gateway(config + store))
            rigs.append(Rig(gateway.port, gateway.admin_port, upstream, signer))
        yield rigs[0], rigs[1]


async def failures(rig: Rig) -> float:
    """How often this replica could not ask the store."""
    metrics = f"http://127.0.0.1:{rig.admin_port}/metrics"
    async with ClientSession() as session, session.get(metrics) as answer:
        lines = (await answer.text()).splitlines()
    (found,) = [each for each in lines if each.startswith("mcpgw_shared_limit_failures_total{")]
    return float(found.rpartition(" ")[2])


@pytest.mark.requirement("S8")
async def test_a_caller_has_one_allowance_at_all_replicas(redis: RedisServer) -> None:
    async with replicas(redis) as (one, two):
        answers = [(await rig.call()).status for rig in (one, two, one)]
        assert answers == [200, 200, 200]
        for rig in (one, two):
            check_refusal(await rig.call(), "tool_rate_limited")
        # What was refused used nothing of the caller's other allowance.
        others = [(await rig.call(body=OTHER_TOOL)).status for rig in (two, one, two)]
        assert others == [200, 200, 200]
        check_refusal(await one.call(body=OTHER_TOOL), "rate_limited")
        assert len(one.upstream.requests) == 6
        assert (await two.call(token=two.token(sub="bob"))).status == 200
        assert await failures(one) == 0


@pytest.mark.requirement("A7")
async def test_a_client_has_one_allowance_at_all_replicas(redis: RedisServer) -> None:
    async with replicas(redis, limits="limits: {per_principal: 2/m, per_client: 3/m}") as (
        one,
        two,
    ):
        ada = [(await rig.call()).status for rig in (one, two, one, two)]
        bob = two.token(sub="bob")

        assert ada == [200, 200, 429, 429]  # what was refused used nothing of the client's
        assert (await one.call(token=one.token(sub="bob"))).status == 200
        check_refusal(await two.call(token=bob), "client_rate_limited")
        assert len(one.upstream.requests) == 3
        assert await failures(two) == 0


async def test_nothing_in_the_store_tells_who_called(redis: RedisServer) -> None:
    async with replicas(redis) as (one, _):
        known = [one.signer.issuer, "ada-lovelace", "test-client", "whoami", "127.0.0.1"]
        assert (await one.call(token=one.token(sub="ada-lovelace"))).status == 200
        async with Redis.from_url(redis.url) as client:
            names = await client.keys("*")
            values = [await client.get(name) for name in await client.keys("mcpgw-rate:*")]

    assert len(values) == 2  # of the caller, and of the tool
    # None of these can stand in the hexadecimal digits of a digest by chance.
    held = str([*names, *values])
    assert not [text for text in known if text in held]


async def test_while_the_store_is_away_each_replica_counts_by_itself(redis: RedisServer) -> None:
    async with replicas(redis) as (one, two):
        redis.stop()
        for rig in (one, two):
            assert [(await rig.call()).status for _ in range(3)] == [200, 200, 200]
            check_refusal(await rig.call(), "tool_rate_limited")
            assert await failures(rig) == 4
        assert len(one.upstream.requests) == 6


async def test_closed_refuses_while_the_store_is_away_and_recovers(redis: RedisServer) -> None:
    async with replicas(redis, ", limits_fail: closed") as (one, _):
        redis.stop()
        refused = await one.call()

        assert refused.status == 503
        assert refused.value("Retry-After") == "1"
        assert error_of(refused)["code"] == -32002
        one.upstream.assert_untouched()
        assert await failures(one) == 1

        redis.start()
        await asyncio.sleep(1.1)  # the store is left alone for a second
        assert (await one.call()).status == 200
        assert len(one.upstream.requests) == 1
