"""Clients that ask and never read: what is held for them is bounded, and they are let go."""

import asyncio
import contextlib
import gc
import json
import socket
from collections.abc import AsyncIterator
from typing import TypeVar

import pytest

from gateway.proxy.inbound.connection import ClientConnection
from gateway.proxy.upstream.response import UpstreamResponse
from tests.attacks.full_config import running_server
from tests.support.raw_http import exchange, post, raw_connection
from tests.support.recording_upstream import chunk, event_stream_head, json_reply
from tests.support.rig import CALL, Rig, running_rig

MAX_HELD_BYTES = 256 * 1024
MAX_HELD_PER_STREAM = 128 * 1024
STALL = "streams: {keepalive: 0s, write_stall: 400ms}"
HEADS = 1000
LIMIT_S = 8
T = TypeVar("T")


@contextlib.asynccontextmanager
async def deaf_client(port: int) -> AsyncIterator[socket.socket]:
    """A client that reads nothing, with as little as possible in between."""
    loop = asyncio.get_running_loop()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        await loop.sock_connect(client, ("127.0.0.1", port))
        yield client


async def flood(client: socket.socket, data: bytes) -> None:
    """Send until the gateway drops the client."""
    with contextlib.suppress(ConnectionError):
        while True:
            await asyncio.get_running_loop().sock_sendall(client, data)


async def living(kind: type[T]) -> list[T]:
    """The objects of a kind, as soon as there are any."""
    async with asyncio.timeout(LIMIT_S):
        gc.collect()  # those of earlier tests are gone
        while not (found := _of_kind(kind)):  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0)
    return found


def _of_kind(kind: type[T]) -> list[T]:
    return [each for each in gc.get_objects() if isinstance(each, kind)]


def unsent(clients: list[ClientConnection]) -> int:
    """The bytes of answers that wait in the transports of these connections."""
    transports = [each.transport for each in clients if hasattr(each, "transport")]
    return sum(transport.get_write_buffer_size() for transport in transports)


async def stalled(rig: Rig, server: str) -> float:
    """What the metrics count."""
    request = rig.request("GET", "/metrics", headers=b"Connection: close\r\n")
    page = (await exchange(rig.admin_port, request)).body.decode()
    name = f'mcpgw_streams_ended_total{{reason="stalled",server="{server}"}} '
    other = f'mcpgw_streams_ended_total{{server="{server}",reason="stalled"}} '
    lines = [line for line in page.splitlines() if line.startswith((name, other))]
    return float(lines[0].rpartition(" ")[2]) if lines else 0.0


@pytest.mark.requirement("A1")
async def test_whole_answers_that_nobody_reads_are_few_and_end_the_connection() -> None:
    async with running_server(STALL) as rig, deaf_client(rig.port) as client:
        page = rig.request("GET", "/mcp", headers=b"Accept: text/html, text/event-stream\r\n")
        most = 0
        clients = await living(ClientConnection)
        async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
            sending = group.create_task(flood(client, page * HEADS))
            while not sending.done():
                most = max(most, unsent(clients))
                await asyncio.sleep(0)

        assert 0 < most <= MAX_HELD_BYTES
        assert unsent(clients) == 0
        assert await stalled(rig, "_unrouted") == 1
        rig.upstream.assert_untouched()


@pytest.mark.requirement("A1")
async def test_who_reads_gets_every_pipelined_answer() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        page = rig.request("GET", "/mcp", headers=b"Accept: text/event-stream\r\n")
        async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
            group.create_task(client.send(page * HEADS))
            statuses = {(await client.read_response()).status for _ in range(HEADS)}

        assert statuses == {401}


@pytest.mark.requirement("A1")
@pytest.mark.parametrize("before", ["", "whole", "body"])
async def test_a_head_is_bounded_as_a_whole(before: str) -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        head = rig.request("GET", "/health").removesuffix(b"\r\n")
        fields = b"".join(b"X-%d: %b\r\n" % (number, b"a" * 19_000) for number in range(110))
        if before == "whole":
            await client.send(rig.request("OPTIONS", "/mcp"))
            assert (await client.read_response()).status == 204
        if before == "body":  # its trailers are fields too
            chunked = post(rig.port, CALL, token=rig.token()).partition(b"Content-Length")[0]
            head = chunked + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(b" ") + b"0\r\n"
        with contextlib.suppress(ConnectionError):
            await client.send(head + fields)

        assert (await client.read_response()).status in ({400} if before == "body" else {431})
        assert await client.is_closed()
        rig.upstream.assert_untouched()


@pytest.mark.requirement("A1")
async def test_a_whole_head_that_is_too_large_is_refused_at_once() -> None:
    async with running_rig() as rig:
        fields = b"".join(b"X-%d: %b\r\n" % (number, b"a" * 19_000) for number in range(4))

        response = await rig.send(rig.request("GET", "/health", headers=fields))

        assert response.status == 431


@pytest.mark.requirement("U9", "S3")
async def test_a_stream_that_nobody_reads_holds_little_and_is_cut() -> None:
    async with running_server(STALL) as rig, deaf_client(rig.port) as client:
        rig.upstream.replies.append(event_stream_head())
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, post(rig.port, CALL, token=rig.token()))
        await rig.upstream.wait_for_request()
        most = 0
        event = chunk(b"data: %b\n\n" % (b"a" * 500_000))
        clients, (response,) = await living(ClientConnection), await living(UpstreamResponse)
        async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
            pouring = group.create_task(pour(rig, event))
            while not rig.upstream.connection_lost.is_set():
                most = max(most, unsent(clients) + response.held_bytes)
                await asyncio.sleep(0)
            pouring.cancel()

        assert 0 < most <= MAX_HELD_PER_STREAM
        assert await stalled(rig, "mcp") == 1


async def pour(rig: Rig, event: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            await rig.upstream.send(event)
            await asyncio.sleep(0)


@pytest.mark.requirement("A1")
async def test_a_long_list_that_nobody_reads_goes_out_in_pieces_and_is_cut() -> None:
    rules = 'rules: [{allow: any, tools: ["t*"]}, {allow: any, methods: ["*"]}]'
    tools = [{"name": f"t{number}", "description": "x" * 10_000} for number in range(1000)]
    answer = json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"tools": tools}}).encode()
    request = b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
    async with running_server(STALL, rules) as rig, deaf_client(rig.port) as client:
        rig.upstream.replies.append(json_reply(answer))
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, post(rig.port, request, token=rig.token()))
        clients, most = await living(ClientConnection), 0
        async with asyncio.timeout(LIMIT_S):
            while not most or unsent(clients):
                most = max(most, unsent(clients))
                await asyncio.sleep(0)

        assert most <= MAX_HELD_BYTES
        assert await stalled(rig, "mcp") == 1
