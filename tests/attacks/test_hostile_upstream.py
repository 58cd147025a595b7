"""An upstream that lies, breaks off or floods harms neither its callers nor the next answer."""

import asyncio
import gzip
import json

import pytest

from tests.attacks.cases import cases
from tests.attacks.upstream_cases import BAD_HEADS, BROKEN_BODIES, CHUNKED, DROPPED, Reply
from tests.support.raw_http import RawConnection, post, raw_connection
from tests.support.recording_upstream import chunk, event_stream_head, json_reply
from tests.support.rig import CALL, running_rig


async def read_to_the_end(client: RawConnection) -> None:
    """Read chunks up to the last; a connection that ends before it raises."""
    while await client.read_chunk():
        pass


@pytest.mark.requirement("166", "168")
@pytest.mark.parametrize("reply", cases(BAD_HEADS))
async def test_what_is_no_answer_becomes_a_502(reply: Reply) -> None:
    async with running_rig() as rig:
        rig.upstream.replies.append(reply.sent)
        rig.upstream.close_after_reply = reply.close

        response = await rig.call()
        rig.upstream.close_after_reply = False
        next_response = await rig.call()

        assert response.status == 502
        told = json.loads(response.body)
        assert told["id"] == 1
        assert b"127.0.0.1" not in response.body
        assert response.values("Set-Cookie") == []
        assert next_response.status == 200
        assert len(rig.upstream.requests) == 2  # and not once more for the first


@pytest.mark.requirement("169", "174")
@pytest.mark.parametrize("reply", cases(BROKEN_BODIES))
async def test_a_body_that_breaks_off_has_no_clean_end(reply: Reply) -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        rig.upstream.replies.append(CHUNKED + chunk(b"begun"))
        await client.send(post(rig.port, CALL, token=rig.token()))
        assert (await client.read_head()).status == 200
        assert await client.read_chunk() == b"begun"

        await rig.upstream.send(reply.sent)
        if reply.close:
            rig.upstream.abort_connections()

        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await read_to_the_end(client)


@pytest.mark.requirement("174", "H13")
async def test_a_long_body_that_is_cut_has_no_clean_end() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n"
    async with running_rig() as rig, raw_connection(rig.port) as client:
        rig.upstream.replies.append(head + b"a" * 100_000)
        rig.upstream.close_after_reply = True
        await client.send(post(rig.port, CALL, token=rig.token()))
        await client.read_head()

        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await read_to_the_end(client)


@pytest.mark.requirement("H13", "159")
@pytest.mark.parametrize("line", DROPPED)
@pytest.mark.parametrize("status", ["200 OK", "401 Unauthorized"])
async def test_an_upstreams_own_affairs_stay_with_it(line: str, status: str) -> None:
    async with running_rig() as rig:
        reply = json_reply(b"{}", status=status, headers=f"{line}\r\n".encode())
        rig.upstream.replies.append(reply)

        response = await rig.call()

        told = {f"{name}: {value}".lower() for name, value in response.headers}
        assert not told & {each.lower() for each in line.split("\r\n")}
        assert b"evil" not in str(response.headers).encode()


@pytest.mark.requirement("H13")
@pytest.mark.parametrize("behind", [json_reply(b'{"forged":true}'), b"HTTP/1.1 ", b"\0" * 1000])
async def test_what_comes_behind_an_answer_reaches_nobody(behind: bytes) -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        rig.upstream.replies.append(json_reply(b"{}") + behind)
        call = post(rig.port, CALL, token=rig.token())

        answers = []
        for _ in range(2):
            await client.send(call)
            answers.append(await client.read_response())

        assert [answer.status for answer in answers] == [200, 200]
        assert b"forged" not in answers[1].body
        assert rig.upstream.connections == 2


@pytest.mark.requirement("H13", "169")
async def test_trailers_of_an_upstream_are_dropped() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        trailers = b"Set-Cookie: a=b\r\nX-Trailer: c\r\n\r\n"
        rig.upstream.replies.append(CHUNKED + chunk(b"{}") + b"0\r\n" + trailers)
        rig.upstream.close_after_reply = True
        await client.send(post(rig.port, CALL, token=rig.token(), headers=b"Connection: close\r\n"))

        answer = await asyncio.wait_for(client.reader.read(), 5)

        assert answer.count(b"\r\n\r\n") >= 1
        assert b"{}" in answer
        assert b"Set-Cookie" not in answer
        assert b"X-Trailer" not in answer


@pytest.mark.requirement("H13", "M8")
async def test_a_gzip_bomb_is_never_unpacked() -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    async with running_rig() as rig:
        reply = json_reply(bomb, headers=b"Content-Encoding: gzip\r\n")
        rig.upstream.replies.append(reply)

        response = await rig.call(headers=b"Accept-Encoding: gzip\r\n")

        assert rig.upstream.last.value("Accept-Encoding") == "identity"
        assert (response.status, response.body) == (200, bomb)
        assert response.value("Content-Encoding") == "gzip"


@pytest.mark.requirement("H13", "170")
async def test_a_call_that_may_have_been_seen_is_not_sent_again() -> None:
    async with running_rig() as rig:
        assert (await rig.call()).status == 200
        rig.upstream.replies.append(b"")
        rig.upstream.close_after_reply = True

        response = await rig.call()

        assert response.status == 502
        assert len(rig.upstream.requests) == 2


@pytest.mark.requirement("H13", "S5")
async def test_an_event_stream_that_breaks_has_no_clean_end() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        rig.upstream.replies.append(event_stream_head() + chunk(b"data: 1\n\ndata: 2"))
        await client.send(post(rig.port, CALL, token=rig.token()))
        assert (await client.read_head()).status == 200
        assert await client.read_chunk() == b"data: 1\n\ndata: 2"

        rig.upstream.abort_connections()

        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await client.read_chunk()
