import asyncio
import time
from pathlib import Path

import pytest

from gateway.errors import (
    InvalidToken,
    UpstreamBusy,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from gateway.proxy.upstream.pool import UpstreamPool
from gateway.proxy.upstream.target import parse_target
from tests.support.ports import reserved_port
from tests.support.recording_upstream import RecordingUpstream, json_reply
from tests.unit.proxy.conftest import LIMITS, OpenPool
from tests.unit.proxy.sending import BODY, head, post


async def test_small_response_arrives_whole(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply = json_reply(b"{}", headers=b"Mcp-Session-Id: s\r\n")

    response = await post(pool)

    assert (response.status, response.body) == (200, b"{}")
    assert (b"Mcp-Session-Id", b"s") in response.headers
    assert upstream.last.body == BODY


async def test_connection_is_used_again(pool: UpstreamPool, upstream: RecordingUpstream) -> None:
    for _ in range(3):
        await post(pool)

    assert upstream.connections == 1


async def test_requests_at_once_get_connections_of_their_own(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    await asyncio.gather(*(post(pool) for _ in range(4)))

    assert upstream.connections == 4


async def test_last_used_connection_is_used_first(
    open_pool: OpenPool, upstream: RecordingUpstream
) -> None:
    pool = open_pool(idle_timeout_s=0.8)
    await asyncio.gather(*(post(pool) for _ in range(3)))

    async with asyncio.timeout(5):
        while len(upstream.requests) < 3 or not upstream.connection_lost.is_set():
            await post(pool)

    assert upstream.connections == 3


async def test_idle_connection_is_retired(open_pool: OpenPool, upstream: RecordingUpstream) -> None:
    await post(open_pool(idle_timeout_s=0.05))

    await asyncio.wait_for(upstream.connection_lost.wait(), 1)

    assert upstream.connections == 1


async def test_closed_idle_connection_is_replaced_without_error(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    await post(pool)
    upstream.abort_connections()
    await upstream.connection_lost.wait()
    await asyncio.sleep(0)

    response = await post(pool)

    assert response.status == 200
    assert upstream.connections == 2


@pytest.mark.requirement("170")
async def test_request_is_not_sent_again_when_its_connection_dies(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    await post(pool)
    upstream.replies.append(None)
    attempt = asyncio.gather(post(pool), return_exceptions=True)
    upstream.arrived.clear()
    await upstream.wait_for_request()

    upstream.abort_connections()
    (outcome,) = await attempt

    assert isinstance(outcome, UpstreamUnreachable)
    assert len(upstream.requests) == 2


async def test_full_pool_makes_callers_wait_for_a_connection(
    open_pool: OpenPool, upstream: RecordingUpstream
) -> None:
    pool = open_pool(max_connections=2)

    responses = await asyncio.gather(*(post(pool) for _ in range(9)))

    assert [response.status for response in responses] == [200] * 9
    assert upstream.connections == 2


async def test_waiting_too_long_is_busy(open_pool: OpenPool, upstream: RecordingUpstream) -> None:
    pool = open_pool(max_connections=1, max_wait_s=0.05)
    upstream.replies.append(None)
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(post(pool))
        await upstream.wait_for_request()

        with pytest.raises(UpstreamBusy):
            await post(pool)

        first.cancel()


async def test_full_queue_is_busy_at_once(open_pool: OpenPool, upstream: RecordingUpstream) -> None:
    pool = open_pool(max_connections=1, max_waiting=0)
    upstream.replies.append(None)
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(post(pool))
        await upstream.wait_for_request()

        with pytest.raises(UpstreamBusy):
            await post(pool)

        first.cancel()


async def test_waiter_gets_the_place_of_a_closed_connection(
    open_pool: OpenPool, upstream: RecordingUpstream
) -> None:
    pool = open_pool(max_connections=1)
    upstream.default_reply = json_reply(b"{}", headers=b"Connection: close\r\n")

    responses = await asyncio.gather(*(post(pool) for _ in range(4)))

    assert [response.status for response in responses] == [200] * 4
    assert upstream.connections == 4


async def test_cancelled_waiter_leaves_its_place_to_the_next(
    open_pool: OpenPool, upstream: RecordingUpstream
) -> None:
    pool = open_pool(max_connections=1)
    upstream.replies.append(None)
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(post(pool))
        await upstream.wait_for_request()
        second = tasks.create_task(post(pool))
        third = tasks.create_task(post(pool))
        await asyncio.sleep(0)
        first.cancel()
        second.cancel()

    assert third.result().status == 200


async def test_waiter_cancelled_in_the_moment_of_its_turn_passes_it_on(
    open_pool: OpenPool, upstream: RecordingUpstream
) -> None:
    pool = open_pool(max_connections=1)
    upstream.replies.append(None)
    async with asyncio.TaskGroup() as tasks:

        async def leave_and_take_the_second_along() -> None:
            try:
                await post(pool)
            finally:
                second.cancel()

        first = tasks.create_task(leave_and_take_the_second_along())
        await upstream.wait_for_request()
        second = tasks.create_task(post(pool))
        third = tasks.create_task(post(pool))
        await asyncio.sleep(0)
        first.cancel()

    assert second.cancelled()
    assert third.result().status == 200


@pytest.mark.requirement("38", "S4")
async def test_cancelled_exchange_closes_its_connection(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.replies.append(None)
    async with asyncio.TaskGroup() as tasks:
        attempt = tasks.create_task(post(pool))
        await upstream.wait_for_request()
        attempt.cancel()

    await asyncio.wait_for(upstream.connection_lost.wait(), 1)


async def test_refused_connection_is_unreachable() -> None:
    with reserved_port() as port:
        pool = UpstreamPool(parse_target(f"http://127.0.0.1:{port}/"), LIMITS)

        with pytest.raises(UpstreamUnreachable) as refused:
            await post(pool)

        assert str(port) not in refused.value.description
        await pool.aclose()


async def test_failed_connect_gives_its_place_to_the_next_waiter(tmp_path: Path) -> None:
    target = parse_target(f"unix:{tmp_path}/nobody.sock")
    pool = UpstreamPool(target, LIMITS)

    outcomes = await asyncio.gather(*(post(pool) for _ in range(15)), return_exceptions=True)

    assert all(isinstance(outcome, UpstreamUnreachable) for outcome in outcomes)
    await pool.aclose()


async def test_silent_upstream_times_out(open_pool: OpenPool, upstream: RecordingUpstream) -> None:
    upstream.replies.append(None)

    with pytest.raises(UpstreamTimeout):
        await post(open_pool(first_byte_timeout_s=0.05))

    await asyncio.wait_for(upstream.connection_lost.wait(), 1)


async def test_closing_ends_exchanges_under_way(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.replies.append(None)
    attempt = asyncio.gather(post(pool), return_exceptions=True)
    await upstream.wait_for_request()

    await pool.aclose()

    assert isinstance((await attempt)[0], UpstreamUnreachable)
    with pytest.raises(UpstreamUnreachable):
        await post(pool)


async def test_stale_connection_is_not_used_when_the_sweep_is_late(
    open_pool: OpenPool, upstream: RecordingUpstream
) -> None:
    pool = open_pool(idle_timeout_s=0.02)
    await post(pool)

    time.sleep(0.05)  # noqa: ASYNC251 - the loop is held up
    await post(pool)

    assert upstream.connections == 2


async def test_closing_sends_waiters_away(open_pool: OpenPool, upstream: RecordingUpstream) -> None:
    pool = open_pool(max_connections=1)
    upstream.replies.append(None)
    attempts = asyncio.gather(*(post(pool) for _ in range(3)), return_exceptions=True)
    await upstream.wait_for_request()

    await pool.aclose()

    assert all(isinstance(outcome, UpstreamError) for outcome in await attempts)


async def test_connection_made_while_closing_is_not_used(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    attempt = asyncio.gather(post(pool), return_exceptions=True)
    await asyncio.sleep(0)

    await pool.aclose()

    assert isinstance((await attempt)[0], UpstreamUnreachable)
    upstream.assert_untouched()


async def test_connecting_takes_only_so_long(open_pool: OpenPool) -> None:
    with pytest.raises(UpstreamTimeout):
        await post(open_pool(connect_timeout_s=0.0))


@pytest.mark.requirement("A5")
async def test_a_check_that_fails_leaves_the_request_unsent_and_the_connection_free(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    def fail() -> None:
        raise InvalidToken("No.", reason="revoked")

    with pytest.raises(InvalidToken):
        await pool.send(head(), BODY, fail)
    upstream.assert_untouched()

    await post(pool)

    assert (upstream.connections, len(upstream.requests)) == (1, 1)
