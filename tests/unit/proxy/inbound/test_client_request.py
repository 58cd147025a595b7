"""One request as the gate sees it: reading its body once it is wanted, and ways to answer."""

import asyncio

import pytest

from gateway.errors import BodyTooLarge, GatewayError
from gateway.http.reply import Reply, begin_response
from gateway.proxy.gate.client import BodyLimits
from gateway.proxy.inbound.client import PIECE_BYTES
from gateway.proxy.inbound.client_request import ClientRequest
from gateway.proxy.inbound.connection import WRITE_BUFFER_BYTES
from tests.support.raw_http import RawResponse, raw_connection
from tests.unit.proxy.inbound.listening import (
    BODY,
    CALL,
    GET,
    LIMIT_S,
    Handle,
    Listening,
    chunked,
    deaf,
    gone,
    last_response,
    listening,
    post,
    settle,
)

HEAD = GET.replace(b"GET", b"HEAD")
OLD = GET.replace(b"1.1", b"1.0")
EXPECT = b"Expect: 100-continue"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
OPENING = begin_response(200, [(b"Content-Type", b"text/event-stream")])
LARGE = b"x" * 4_000_000


async def answer_to(request: bytes, handle: Handle) -> RawResponse:
    """The answer to a request that comes alone."""
    async with listening(handle) as served, raw_connection(served.port) as client:
        await client.send(request)
        return await client.read_response(to_head=request.startswith(b"HEAD"))


async def read(request: ClientRequest) -> None:
    request.reply(Reply(200, [], await request.body(BODY)))


async def stream(request: ClientRequest) -> None:
    request.begin_stream(OPENING, "an id", LIMIT_S)
    request.write(b"data: a\n\n")
    await settle()
    request.write(b"data: b\n\n")
    request.end_stream()


@pytest.mark.parametrize(
    ("sent", "whole", "is_here"),
    [
        (GET, b"", True),
        (post(b""), b"", True),
        (post(), None, True),
        (chunked(), None, True),
        (post()[:-1], None, False),
        (chunked()[:-1], None, False),
        (post(length=9), None, False),
    ],
)
async def test_the_gate_knows_whether_the_body_is_here(
    sent: bytes, whole: bytes | None, is_here: bool
) -> None:
    seen: list[tuple[bytes | None, bool]] = []

    async def look(request: ClientRequest) -> None:
        seen.append((request.whole, request.is_body_here))
        request.reply(Reply(200, []), keep_alive=False)

    await answer_to(sent, look)

    assert seen == [(whole, is_here)]


async def test_a_body_that_came_with_a_head_that_is_known_is_whole() -> None:
    seen: list[bytes | None] = []

    async def look(request: ClientRequest) -> None:
        seen.append(request.whole)
        await read(request)

    async with listening(look) as served, raw_connection(served.port) as client:
        for body in (b"abc", b"abcd"):
            await client.send(post(body))
            assert (await client.read_response()).body == body

    assert seen == [None, b"abcd"]


@pytest.mark.requirement("180")
@pytest.mark.parametrize("requests", [[post()], [post(b"a"), post()], [chunked()]])
async def test_a_body_over_the_limit_is_refused_however_it_came(requests: list[bytes]) -> None:
    refused: list[GatewayError] = []

    async def limited(request: ClientRequest) -> None:
        try:
            await request.body(BodyLimits(len(CALL) - 1, 9.0, 9.0))
        except BodyTooLarge as error:
            refused.append(error)
        request.reply(Reply(200, []))

    async with listening(limited) as served, raw_connection(served.port) as client:
        for request in requests:
            await client.send(request)
            await client.read_response()

    assert len(refused) == 1


@pytest.mark.requirement("172")
@pytest.mark.parametrize(
    ("request_", "rest"),
    [(post(b"", EXPECT, length=8), CALL), (chunked(b"", EXPECT), b"0\r\n\r\n")],
)
async def test_who_waits_is_told_to_continue_when_the_body_is_wanted(
    request_: bytes, rest: bytes
) -> None:
    wanted = asyncio.Event()

    async def later(request: ClientRequest) -> None:
        await wanted.wait()
        await read(request)

    async with listening(later) as served, raw_connection(served.port) as client:
        await client.send(request_)
        connection = await served.connection()
        await settle()
        assert connection.transport.get_write_buffer_size() == 0
        wanted.set()
        assert await client.reader.readexactly(len(CONTINUE)) == CONTINUE
        await client.send(rest)

        assert (await client.read_response()).status == 200


@pytest.mark.requirement("172")
@pytest.mark.parametrize(
    "request_",
    [post(CALL, EXPECT), chunked(b"0\r\n\r\n", EXPECT), post(CALL, EXPECT).replace(b"1.1", b"1.0")],
)
async def test_nobody_is_told_to_continue_who_did_or_cannot_understand(request_: bytes) -> None:
    """RFC 9110 §10.1.1."""
    async with listening(read) as served, raw_connection(served.port) as client:
        cut = -1 if b"HTTP/1.0" in request_ else len(request_)
        await client.send(request_[:cut])
        await settle()
        await client.send(request_[cut:])

        assert (await client.read_response()).status == 200


@pytest.mark.parametrize("keep_alive", [True, False])
async def test_a_reply_says_whether_it_is_the_last(keep_alive: bool) -> None:
    async def reply(request: ClientRequest) -> None:
        request.reply(Reply(202, [(b"X-A", b"b")], b"ok"), keep_alive=keep_alive)

    response = await answer_to(GET, reply)

    assert (response.status, response.value("X-A"), response.body) == (202, "b", b"ok")
    assert response.value("Connection") == (None if keep_alive else "close")


async def test_head_is_answered_without_a_body() -> None:
    async def large(request: ClientRequest) -> None:
        await request.send(Reply(200, [], b"x" * 2 * PIECE_BYTES))

    async with listening(large) as served, raw_connection(served.port) as client:
        for _ in range(2):
            await client.send(HEAD)
            response = await client.read_response(to_head=True)

            assert response.value("Content-Length") == str(2 * PIECE_BYTES)


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES, PIECE_BYTES + 1, len(LARGE)])
async def test_an_answer_of_any_size_arrives_whole(size: int) -> None:
    async def send(request: ClientRequest) -> None:
        await request.send(Reply(200, [], LARGE[:size]))

    async with listening(send) as served, raw_connection(served.port) as client:
        for _ in range(2):
            await client.send(GET)

            assert (await client.read_response()).body == LARGE[:size]


@pytest.mark.requirement("A1")
async def test_a_long_answer_goes_out_as_fast_as_it_is_read() -> None:
    async def send(request: ClientRequest) -> None:
        await request.send(Reply(200, [], LARGE * 4))

    async with listening(send, write_stall_s=0.2) as served, deaf(served.port) as client:
        await asyncio.get_running_loop().sock_sendall(client, GET)
        connection = await served.connection()
        most = 0
        async with asyncio.timeout(LIMIT_S):
            while not connection.transport.is_closing():
                most = max(most, connection.transport.get_write_buffer_size())
                await asyncio.sleep(0)

        assert 0 < most <= WRITE_BUFFER_BYTES + PIECE_BYTES
        assert served.stalls == 0  # the gate tells of this one


async def test_a_request_knows_that_its_client_was_dropped() -> None:
    seen: list[tuple[bool, bool, bool]] = []

    async def send(request: ClientRequest) -> None:
        try:
            await request.send(Reply(200, [], LARGE * 4))
        finally:
            seen.append((request.is_paused, request.is_gone, request.has_stalled))

    async with listening(send, write_stall_s=0.2) as served, deaf(served.port) as client:
        await asyncio.get_running_loop().sock_sendall(client, GET)
        await gone(await served.connection())
        await settle()

    assert seen == [(True, True, True)]


async def test_a_stream_is_sent_in_chunks_and_another_request_may_follow() -> None:
    async with listening(stream) as served, raw_connection(served.port) as client:
        for _ in range(2):
            await client.send(GET)
            head = await client.read_head()
            chunks = [await client.read_chunk() for _ in range(3)]

            assert head.values("Transfer-Encoding") == ["chunked"]
            assert head.value("Content-Length") is None
            assert chunks == [b"data: a\n\n", b"data: b\n\n", b""]


async def test_an_old_client_gets_a_stream_that_the_connection_ends() -> None:
    """RFC 9112 §6.1: HTTP/1.0 knows no chunks."""
    async with listening(stream) as served, raw_connection(served.port) as client:
        response = await last_response(client, OLD)

    assert response.value("Transfer-Encoding") is None
    assert response.body == b"data: a\n\ndata: b\n\n"


async def test_a_stream_that_is_broken_off_has_no_end() -> None:
    async def break_off(request: ClientRequest) -> None:
        request.begin_stream(OPENING, "an id", LIMIT_S)
        request.write(b"a")
        await settle()
        request.abort()

    async with listening(break_off) as served, raw_connection(served.port) as client:
        await client.send(GET)
        await client.read_head()
        assert await client.read_chunk() == b"a"

        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await client.read_chunk()


async def test_a_stream_waits_for_who_reads_it() -> None:
    async def long_stream(request: ClientRequest) -> None:
        request.begin_stream(OPENING, "an id", LIMIT_S)
        for _ in range(400):
            request.write(b"x" * PIECE_BYTES)
            if request.is_paused:
                await request.drain()
                waits.append(len(waits))
        request.end_stream()

    waits: list[int] = []
    async with listening(long_stream) as served, raw_connection(served.port) as client:
        await client.send(GET)
        assert len((await client.read_response()).body) == 400 * PIECE_BYTES

    assert waits


async def test_while_a_listener_drains_every_answer_is_the_last() -> None:
    async def drain(request: ClientRequest) -> None:
        found[0].listener.drain()
        await stream(request)

    found: list[Listening] = []
    async with listening(drain) as served, raw_connection(served.port) as client:
        found.append(served)

        assert (await last_response(client, GET)).status == 200
