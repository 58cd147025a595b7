import asyncio

import pytest

from gateway.errors import UpstreamError, UpstreamInvalid, UpstreamTimeout
from gateway.proxy.upstream.pool import UpstreamPool
from tests.support.recording_upstream import (
    RecordingUpstream,
    chunk,
    event_stream_head,
    json_reply,
)
from tests.unit.proxy.conftest import OpenPool
from tests.unit.proxy.sending import post, read_all

EVENT = b"event: message\ndata: {}\n\n"


@pytest.mark.requirement("39", "S1")
async def test_event_stream_is_handed_over_with_its_head(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply = event_stream_head()

    response = await post(pool)
    await upstream.send(chunk(EVENT))

    assert response.body is None
    assert await response.read() == EVENT
    response.close()


async def test_each_event_is_read_as_it_arrives(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply = event_stream_head()
    response = await post(pool)

    for number in range(3):
        await upstream.send(chunk(b"data: %d\n\n" % number))
        assert await response.read() == b"data: %d\n\n" % number

    await upstream.send(chunk(b""))
    assert await response.read() == b""


async def test_framing_that_arrives_alone_is_no_end(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply = event_stream_head()
    response = await post(pool)
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(response.read())
        await upstream.send(b"%x;a=b" % len(EVENT))
        for _ in range(5):
            await asyncio.sleep(0)
        await upstream.send(b"\r\n" + EVENT + b"\r\n")

        assert await reading == EVENT
    response.close()


async def test_connection_of_a_finished_stream_is_used_again(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.replies.append(event_stream_head() + chunk(EVENT) + chunk(b""))
    response = await post(pool)
    await read_all(response)
    response.close()

    await post(pool)

    assert upstream.connections == 1


@pytest.mark.requirement("38", "S4")
async def test_closing_an_unfinished_stream_closes_the_connection(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply = event_stream_head() + chunk(EVENT)

    (await post(pool)).close()

    await asyncio.wait_for(upstream.connection_lost.wait(), 1)


@pytest.mark.requirement("38", "S4")
async def test_cancelling_a_read_closes_the_connection(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply = event_stream_head()
    response = await post(pool)
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(response.read())
        await asyncio.sleep(0)
        reading.cancel()

    await asyncio.wait_for(upstream.connection_lost.wait(), 1)


@pytest.mark.requirement("174", "S5")
async def test_stream_cut_amid_its_body_is_no_clean_end(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.close_after_reply = True
    upstream.default_reply = event_stream_head() + chunk(EVENT)
    response = await post(pool)

    assert await response.read() == EVENT
    with pytest.raises(UpstreamInvalid):
        await response.read()


async def test_stream_that_falls_silent_times_out(
    open_pool: OpenPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply = event_stream_head()
    response = await post(open_pool(idle_stream_timeout_s=0.05))

    with pytest.raises(UpstreamTimeout):
        await response.read()


async def test_each_byte_gives_a_stream_more_time(
    open_pool: OpenPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply = event_stream_head()
    response = await post(open_pool(idle_stream_timeout_s=0.2))

    for _ in range(6):
        await asyncio.sleep(0.05)
        await upstream.send(chunk(b":\n"))
        assert await response.read() == b":\n"

    response.close()


@pytest.mark.requirement("S2", "S3")
async def test_reader_that_stops_stops_the_upstream(
    open_pool: OpenPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply = event_stream_head()
    response = await post(open_pool(idle_stream_timeout_s=0.2))
    size = 8 * 1024 * 1024
    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(upstream.send(chunk(b"x" * size) + chunk(b"")))
        await asyncio.sleep(0.4)  # longer than a silent upstream may take
        first = await response.read()
        assert len(first) < 512 * 1024
        assert not sending.done()

        rest = await read_all(response)

    assert len(first) + len(rest) == size


async def test_what_arrived_before_the_end_is_still_read(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.default_reply = event_stream_head() + b"fffff\r\n" + b"x" * 200_000
    response = await post(pool)
    await pool.aclose()

    assert len(await response.read()) > 0
    with pytest.raises(UpstreamError):
        await response.read()


async def test_long_body_of_known_length_comes_in_pieces(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    body = b'"%b"' % (b"x" * 300_000)
    upstream.default_reply = json_reply(body)

    response = await post(pool)

    assert await read_all(response) == body


async def test_body_that_ends_with_the_connection_is_read_to_its_end(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    upstream.close_after_reply = True
    upstream.default_reply = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{}"

    response = await post(pool)

    assert await read_all(response) == b"{}"


async def test_large_request_body_arrives_unchanged(
    pool: UpstreamPool, upstream: RecordingUpstream
) -> None:
    body = bytes(range(256)) * 16 * 1024

    response = await post(pool, body)

    assert response.status == 200
    assert upstream.last.body == body
