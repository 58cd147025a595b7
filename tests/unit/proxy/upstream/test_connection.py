import asyncio
from functools import partial

import pytest

from gateway.errors import UpstreamInvalid, UpstreamTimeout
from gateway.proxy.upstream.connection import Connection, SharedByConnections
from gateway.proxy.upstream.pool import UpstreamPool
from gateway.proxy.upstream.target import open_connection, parse_target
from tests.support.recording_upstream import RecordingUpstream, chunk, json_reply
from tests.unit.proxy.conftest import LIMITS, OpenPool
from tests.unit.proxy.sending import BODY, head, post, read_all

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

HOSTILE = {
    "garbage": b"\x16\x03\x01 what is this",
    "not HTTP": b"ICY 200 OK\r\n\r\n",
    "HTTP/2": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/0.9": b"HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n",
    "status 999": b"HTTP/1.1 999 Huh\r\nContent-Length: 0\r\n\r\n",
    "status 42": b"HTTP/1.1 042 Huh\r\nContent-Length: 0\r\n\r\n",
    "two lengths": OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "same length twice": OK + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "list of lengths": OK + b"Content-Length: 1, 1\r\n\r\na",
    "signed length": OK + b"Content-Length: +1\r\n\r\na",
    "many digits": OK + b"Content-Length: %b1\r\n\r\na" % (b"0" * 5000),
    "length and coding": OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding and length": OK + b"Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
    "coded twice": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    "two codings": OK + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n",
    "unknown coding": OK + b"Transfer-Encoding: xchunked\r\n\r\nabc",
    "coding in HTTP/1.0": b"HTTP/1.0" + CHUNKED[8:] + b"0\r\n\r\n",
    "switch of protocols": b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nxyz",
    "storm of interim responses": b"HTTP/1.1 100 Continue\r\n\r\n" * 9,
    "huge header": OK + b"A: %b\r\nContent-Length: 0\r\n\r\n" % (b"x" * 70_000),
    "huge head before a body": OK + b"A: %b\r\nContent-Length: 1\r\n\r\na" % (b"x" * 66_000),
    "endless header name": OK + b"x" * 70_000,
    "NUL in a value": OK + b"A: b\0c\r\nContent-Length: 0\r\n\r\n",
    "bare CR in a value": OK + b"A: b\rc\r\nContent-Length: 0\r\n\r\n",
    "bare LF in a value": OK + b"A: b\nC: d\r\nContent-Length: 0\r\n\r\n",
    "folded value": OK + b"A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
    "space before the colon": OK + b"A : b\r\nContent-Length: 0\r\n\r\n",
    "CR in the reason": b"HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n",
}
CUT = {
    "amid the head": OK + b"Content-Ty",
    "amid a short body": OK + b"Content-Length: 5\r\n\r\nab",
}
BROKEN_BODIES = {
    "chunk size overflow": b"fffffffffffffffff\r\na\r\n0\r\n\r\n",
    "chunk spills": b"1\r\nab\r\n0\r\n\r\n",
    "bare LF after a chunk size": b"1\na\r\n0\r\n\r\n",
    "cut amid a chunk": b"5\r\nab",
    "cut between chunks": b"1\r\na\r\n",
    "endless chunk extension": b"1;" + b"x" * 70_000,
    "endless trailers": b"1\r\na\r\n0\r\n" + b"A: b\r\n" * 15_000,
}


@pytest.mark.requirement("166", "167", "168", "H13")
@pytest.mark.parametrize("reply", HOSTILE.values(), ids=HOSTILE)
async def test_hostile_head_is_refused_and_its_connection_closed(
    reply: bytes, pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply = reply

    with pytest.raises(UpstreamInvalid):
        await post(pool)

    await asyncio.wait_for(upstream.connection_lost.wait(), 1)


@pytest.mark.requirement("174", "H13")
@pytest.mark.parametrize("reply", CUT.values(), ids=CUT)
async def test_response_cut_before_it_is_handed_over_is_invalid(
    reply: bytes, pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply, upstream.close_after_reply = reply, True

    with pytest.raises(UpstreamInvalid):
        await post(pool)


@pytest.mark.requirement("169", "174", "H13")
@pytest.mark.parametrize("body", BROKEN_BODIES.values(), ids=BROKEN_BODIES)
async def test_broken_body_is_no_clean_end(
    body: bytes, pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply, upstream.close_after_reply = CHUNKED, False
    response = await post(pool)

    await upstream.send(body)
    if body.startswith((b"5", b"1\r\na\r\n")):
        upstream.abort_connections()

    with pytest.raises(UpstreamInvalid):
        await read_all(response)


@pytest.mark.requirement("H13")
@pytest.mark.parametrize("body", BROKEN_BODIES.values(), ids=BROKEN_BODIES)
async def test_broken_body_behind_a_head_that_is_known_is_no_clean_end(
    body: bytes, pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply = CHUNKED + b"3\r\nabc\r\n0\r\n\r\n"
    assert await read_all(await post(pool)) == b"abc"
    upstream.default_reply = CHUNKED + body
    upstream.close_after_reply = body.startswith((b"5", b"1\r\na\r\n"))

    with pytest.raises(UpstreamInvalid):
        await read_all(await post(pool))

    assert upstream.connections == 1


async def test_chunked_bodies_behind_the_same_head_are_each_their_own(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    for number in range(3):
        upstream.default_reply = CHUNKED + b"2\r\na%d\r\n0\r\n\r\n" % number

        assert await read_all(await post(pool)) == b"a%d" % number

    assert upstream.connections == 1


@pytest.mark.parametrize("step", [1, 7, len(CHUNKED)])
async def test_an_answer_may_be_cut_anywhere(
    step: int, pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    sent = CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX: y\r\n\r\n"
    for _ in range(2):  # the second time its head is known
        upstream.replies.append(b"")
        async with asyncio.TaskGroup() as tasks:
            exchange = tasks.create_task(post(pool))
            await upstream.wait_for_request()
            for start in range(0, len(sent), step):
                await upstream.send(sent[start : start + step])
                await asyncio.sleep(0)
            assert await read_all(await exchange) == b"abcde"

    assert upstream.connections == 1


@pytest.mark.requirement("H13")
@pytest.mark.parametrize(
    "extra", [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"HT", b"garbage"]
)
async def test_bytes_behind_a_response_close_its_connection(
    extra: bytes, pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply = json_reply(b"{}") + extra

    response = await post(pool)

    assert response.body == b"{}"
    await asyncio.wait_for(upstream.connection_lost.wait(), 1)


@pytest.mark.requirement("H13")
async def test_bytes_that_nobody_asked_for_close_the_connection(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    await post(pool)

    await upstream.send(json_reply(b'{"forged":true}'))
    await asyncio.wait_for(upstream.connection_lost.wait(), 1)
    response = await post(pool)

    assert response.body is not None
    assert b"forged" not in response.body


@pytest.mark.requirement("173", "H13")
async def test_interim_responses_are_skipped(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    upstream.default_reply = interim * 2 + json_reply(b"{}")

    response = await post(pool)

    assert (response.status, response.body) == (200, b"{}")
    assert b"Link" not in dict(response.headers)


@pytest.mark.requirement("173")
@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
async def test_response_without_a_body_is_complete_at_once(
    status: bytes, pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply = b"HTTP/1.1 %b\r\nETag: x\r\n\r\n" % status

    responses = [await post(pool), await post(pool)]

    assert [response.body for response in responses] == [b"", b""]
    assert upstream.connections == 1


@pytest.mark.requirement("173")
@pytest.mark.parametrize("sent", [b"", b"{}"])
async def test_answer_to_head_has_no_body(
    sent: bytes, pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply = OK + b"Content-Length: 2\r\n\r\n" + sent

    response = await pool.send(head("HEAD", b""), b"")

    assert (response.status, response.body) == (200, b"")
    await asyncio.wait_for(upstream.connection_lost.wait(), 1)


@pytest.mark.requirement("159")
async def test_connection_that_the_upstream_closes_is_not_used_again(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply = json_reply(b"{}", headers=b"Connection: close\r\n")

    await post(pool)
    await post(pool)

    assert upstream.connections == 2


@pytest.mark.requirement("169", "H5")
async def test_trailers_are_no_headers(pool: UpstreamPool, upstream: RecordingUpstream) -> None:
    upstream.default_reply = CHUNKED + chunk(b"{}") + b"0\r\nMcp-Session-Id: forged\r\n\r\n"

    response = await post(pool)

    assert await read_all(response) == b"{}"
    assert response.headers == [(b"Transfer-Encoding", b"chunked")]


async def test_short_body_in_two_segments_is_handed_over_whole(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply = OK + b"Content-Length: 4\r\n\r\nab"
    async with asyncio.TaskGroup() as tasks:
        exchange = tasks.create_task(post(pool))
        await upstream.wait_for_request()
        await upstream.send(b"cd")

    assert exchange.result().body == b"abcd"


@pytest.mark.requirement("H13")
async def test_dripping_head_does_not_extend_its_time(
    open_pool: OpenPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply = OK
    attempt = asyncio.gather(post(open_pool(first_byte_timeout_s=0.1)), return_exceptions=True)
    while not attempt.done():
        await upstream.send(b"A: b\r\n")
        await asyncio.wait({attempt}, timeout=0.01)

    assert isinstance(attempt.result()[0], UpstreamTimeout)


async def test_early_answer_ends_a_large_upload() -> None:
    answered = asyncio.Event()

    async def refuse_early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Reads no body: a client that wants to send all of it first would wait for ever.
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await answered.wait()
        writer.close()

    server = await asyncio.start_server(refuse_early, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    pool = UpstreamPool(parse_target(f"http://127.0.0.1:{port}/"), LIMITS)

    response = await asyncio.wait_for(post(pool, b"x" * 32 * 1024 * 1024), 5)

    assert response.status == 413
    answered.set()
    server.close()
    await pool.aclose()


async def test_cancelled_upload_closes_its_connection(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.replies.append(None)
    announced = head(body=b"x" * 64 * 1024 * 1024)
    async with asyncio.TaskGroup() as tasks:
        upload = tasks.create_task(pool.send(announced, b"x" * 32 * 1024 * 1024))
        await asyncio.wait({upload}, timeout=0.1)
        upload.cancel()

    await asyncio.wait_for(upstream.connection_lost.wait(), 1)


async def test_stream_that_nobody_took_closes_its_connection(upstream: RecordingUpstream) -> None:
    upstream.default_reply = CHUNKED + chunk(b"{}")
    connection = await _connection(upstream.url)
    waiter = connection.start(head(), BODY)
    await waiter

    connection.abandon(waiter)

    await asyncio.wait_for(upstream.connection_lost.wait(), 1)


async def test_answer_that_comes_as_its_caller_leaves_ends_the_exchange(
    upstream: RecordingUpstream,
) -> None:
    connection = await _connection(upstream.url)
    waiter = connection.start(head(), BODY)
    waiter.cancel()

    answer = CHUNKED + chunk(b"{}")
    connection.get_buffer(-1)[: len(answer)] = answer
    connection.buffer_updated(len(answer))
    assert not connection.is_lost
    connection.abandon(waiter)

    assert connection.is_lost


async def _connection(url: str) -> Connection:
    shared = SharedByConnections(LIMITS, lambda _: None, lambda _: None)
    return await open_connection(parse_target(url), partial(Connection, shared))
