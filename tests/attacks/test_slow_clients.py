"""Clients that send or read too slowly, or come too many at once, are let go: H15."""

import asyncio
import contextlib
import json
import socket

import pytest

from tests.attacks.full_config import running_server
from tests.support.raw_http import RawConnection, post, raw_connection
from tests.support.recording_upstream import chunk, event_stream_head
from tests.support.rig import CALL, running_rig

IMPATIENT = "limits: {header_timeout: 250ms, keepalive: 250ms}\n"
SHORT_BODY = "limits: {body_timeout: 200ms}"
SHORT_STALL = "streams: {keepalive: 0s, write_stall: 200ms}"
TICK_S = 0.05


async def drip(client: RawConnection, data: bytes) -> None:
    """One byte at a time, each long before any pause would be too long."""
    with contextlib.suppress(ConnectionError):
        for byte in data:
            await client.send(bytes([byte]))
            await asyncio.sleep(TICK_S)


@pytest.mark.requirement("H15")
@pytest.mark.parametrize(
    "sent",
    [b"", b"P", b"POST /mcp HTTP/1.1\r\n", b"POST /mcp HTTP/1.1\r\nHost: a\r\nX-A:", b"\r\n"],
)
async def test_a_head_that_stops_ends_the_connection(sent: bytes) -> None:
    async with running_rig(IMPATIENT) as rig, raw_connection(rig.port) as client:
        await client.send(sent)

        assert await client.is_closed(within_s=1)
        rig.upstream.assert_untouched()


@pytest.mark.requirement("H15")
@pytest.mark.parametrize("first", [False, True])
async def test_a_head_that_drips_ends_the_connection(first: bool) -> None:
    async with running_rig(IMPATIENT) as rig, raw_connection(rig.port) as client:
        if first:  # a second head on the same connection has no more time than the first
            await client.send(rig.request("OPTIONS", "/mcp"))
            assert (await client.read_response()).status == 204
        async with asyncio.TaskGroup() as group:
            dripping = group.create_task(drip(client, rig.request("GET", "/health") * 10))

            assert await client.is_closed(within_s=1)
            dripping.cancel()


@pytest.mark.requirement("H15")
async def test_a_connection_that_asks_nothing_more_is_closed() -> None:
    async with running_rig(IMPATIENT) as rig, raw_connection(rig.port) as client:
        await client.send(rig.request("OPTIONS", "/mcp"))
        assert (await client.read_response()).status == 204

        assert await client.is_closed(within_s=1)


@pytest.mark.requirement("H15")
@pytest.mark.parametrize("begun", [b"", CALL[:10]])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_stops_is_a_timeout(begun: bytes, chunked: bool) -> None:
    async with running_server(SHORT_BODY) as rig, raw_connection(rig.port) as client:
        head = post(rig.port, CALL, token=rig.token()).removesuffix(CALL)
        if chunked:
            length = b"Content-Length: %d" % len(CALL)
            head = head.replace(length, b"Transfer-Encoding: chunked")
        await client.send(head + (b"%x\r\n" % len(CALL) if chunked and begun else b"") + begun)

        response = await client.read_response()

        assert response.status == 408
        assert json.loads(response.body)["error"]
        assert await client.is_closed()
        rig.upstream.assert_untouched()


@pytest.mark.requirement("H15", "171")
async def test_a_refused_body_is_waited_for_only_briefly() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        await client.send(post(rig.port, CALL).removesuffix(CALL))

        assert (await client.read_response()).status == 401
        assert await client.is_closed(within_s=3)
        rig.upstream.assert_untouched()


@pytest.mark.requirement("H15", "S3")
async def test_a_client_that_stops_reading_does_not_hold_its_upstream() -> None:
    async with running_server(SHORT_STALL) as rig:
        rig.upstream.replies.append(event_stream_head())
        with socket.create_connection(("127.0.0.1", rig.port)) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(post(rig.port, CALL, token=rig.token()))
            await rig.upstream.wait_for_request()
            event = chunk(b"data: %b\n\n" % (b"a" * 60_000))
            with contextlib.suppress(ConnectionError):
                async with asyncio.timeout(5):
                    while not rig.upstream.connection_lost.is_set():
                        await rig.upstream.send(event)

            await asyncio.wait_for(rig.upstream.connection_lost.wait(), 1)


@pytest.mark.requirement("H15", "O6")
@pytest.mark.parametrize("limit", ["connections", "connections_per_address"])
async def test_idle_connections_beyond_the_limit_are_not_kept(limit: str) -> None:
    async with (
        running_rig(f"limits: {{{limit}: 2}}\n") as rig,
        raw_connection(rig.port) as first,
        raw_connection(rig.port),
    ):
        await first.send(rig.request("OPTIONS", "/mcp"))
        assert (await first.read_response()).status == 204
        async with raw_connection(rig.port) as third:
            await third.send(rig.request("GET", "/health"))

            assert (await third.read_response()).status in (0, 503)
        await first.send(rig.request("OPTIONS", "/mcp"))
        assert (await first.read_response()).status == 204


@pytest.mark.requirement("H15")
async def test_slow_clients_do_not_delay_a_quick_one() -> None:
    async with contextlib.AsyncExitStack() as stack:
        rig = await stack.enter_async_context(running_rig())
        head = post(rig.port, CALL, token=rig.token())[:-1]
        for _ in range(50):
            slow = await stack.enter_async_context(raw_connection(rig.port))
            await slow.send(head)
        started = asyncio.get_running_loop().time()

        assert (await rig.call()).status == 200
        assert asyncio.get_running_loop().time() - started < 0.5
        assert len(rig.upstream.requests) == 1


@pytest.mark.requirement("180", "H4")
@pytest.mark.parametrize("announced", [True, False])
async def test_who_sends_too_much_gets_the_answer_all_the_same(announced: bool) -> None:
    """RFC 9112 §9.6: closed with bytes unread, the connection is reset before it is read."""
    async with running_rig() as rig:
        body = b'{"name":"%b"}' % (b"a" * 5 * 1024 * 1024)
        request = post(rig.port, body, token=rig.token())
        if not announced:
            length = b"Content-Length: %d\r\n\r\n" % len(body)
            framed = b"Transfer-Encoding: chunked\r\n\r\n" + chunk(body)[: -len(body) - 2]
            request = request.replace(length, framed)
        for _ in range(5):
            status = await asyncio.to_thread(_send_all_then_read, rig.port, request)

            assert status.startswith(b"HTTP/1.1 413 ")
        rig.upstream.assert_untouched()


def _send_all_then_read(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(request)
        return client.recv(4096)


@pytest.mark.requirement("180", "H4")
async def test_who_reads_the_answer_and_goes_on_sending_is_let_go() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        head = post(rig.port, b"x" * 5_000_000, token=rig.token()).partition(b"\r\n\r\n")[0]
        await client.send(head + b"\r\n\r\n")

        assert (await client.read_response()).status == 413
        assert await client.is_closed(within_s=1)  # the gateway's half of it
        rig.upstream.assert_untouched()
