"""Carrying a response of unknown length to the client."""

import asyncio
import contextlib
import gc

import pytest

from gateway.proxy.inbound.connection import ClientConnection
from tests.support.gateway import running_gateway
from tests.support.ports import reserved_port
from tests.support.raw_http import RawConnection, post, raw_connection
from tests.support.recording_upstream import RecordingUpstream, chunk, event_stream_head
from tests.support.rig import CALL, Rig, running_rig
from tests.support.token_signer import TokenSigner
from tests.unit.proxy.inbound.listening import deaf


def config(port: int, upstream: str, issuer: str, streams: str) -> str:
    return f"""\
listen: 127.0.0.1:{port}
public_url: http://127.0.0.1:{port}
issuers: {{idp: {{issuer: "{issuer}"}}}}
servers:
  mcp:
    upstream: {upstream}
    allow: any
    streams: {streams}
"""


async def open_stream(client: RawConnection, port: int, signer: TokenSigner) -> None:
    token = signer.token(f"http://127.0.0.1:{port}/mcp", header=None, key=None)
    await client.send(post(port, CALL, token=token))
    assert (await client.read_head()).status == 200


@pytest.mark.requirement("39", "S6")
async def test_a_quiet_stream_gets_comments_between_events() -> None:
    with reserved_port() as port:
        async with RecordingUpstream() as upstream, TokenSigner() as signer:
            upstream.replies.append(event_stream_head() + chunk(b"data: 1\n\n"))
            settings = config(port, upstream.url, signer.issuer, "{keepalive: 50ms}")
            async with running_gateway(settings), raw_connection(port) as client:
                await open_stream(client, port, signer)

                assert await client.read_chunk() == b"data: 1\n\n"
                assert await client.read_chunk() == b": keepalive\n\n"


@pytest.mark.requirement("39", "S9")
async def test_no_comment_amid_an_event() -> None:
    with reserved_port() as port:
        async with RecordingUpstream() as upstream, TokenSigner() as signer:
            upstream.replies.append(event_stream_head() + chunk(b"data: half"))
            settings = config(port, upstream.url, signer.issuer, "{keepalive: 20ms}")
            async with running_gateway(settings), raw_connection(port) as client:
                await open_stream(client, port, signer)
                assert await client.read_chunk() == b"data: half"

                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(client.reader.read(1), 0.2)


async def test_an_old_client_gets_the_stream_without_chunks() -> None:
    """HTTP/1.0 has no chunked coding: the end of the connection is the end of the stream."""
    async with running_rig() as rig, raw_connection(rig.port) as client:
        rig.upstream.replies.append(event_stream_head() + chunk(b"data: 1\n\n") + b"0\r\n\r\n")
        request = post(rig.port, CALL, token=rig.token()).replace(b"HTTP/1.1", b"HTTP/1.0")

        await client.send(request)

        assert (await client.reader.read()).endswith(b"\r\n\r\ndata: 1\n\n")


@pytest.mark.requirement("44")
async def test_the_end_of_the_gateway_ends_a_listening_stream_cleanly() -> None:
    async with running_rig() as rig:
        client = raw_connection(rig.port)
        connection = await client.__aenter__()
        rig.upstream.replies.append(event_stream_head() + chunk(b"data: 1\n\n"))
        headers = f"Authorization: Bearer {rig.token()}\r\nAccept: text/event-stream\r\n"
        await connection.send(rig.request("GET", "/mcp", headers=headers.encode()))
        await connection.read_head()
        assert await connection.read_chunk() == b"data: 1\n\n"

    assert await connection.read_chunk() == b""
    await client.__aexit__(None, None, None)


async def test_a_stream_that_is_open_holds_no_task() -> None:
    """One costs more memory than all the rest of an idle stream, and two turns of the loop."""
    async with running_rig() as rig, raw_connection(rig.port) as client:
        rig.upstream.replies.append(event_stream_head())
        await client.send(post(rig.port, CALL, token=rig.token()))
        assert (await client.read_head()).status == 200

        working = [str(each.get_coro()) for each in asyncio.all_tasks()]
        await rig.upstream.send(chunk(b"data: 1\n\n") + chunk(b""))

        assert not [each for each in working if "Stepper" in each]
        assert await client.read_chunk() == b"data: 1\n\n"
        assert await client.read_chunk() == b""


async def test_a_client_that_pauses_gets_all_of_a_stream() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        rig.upstream.replies.append(event_stream_head())
        await client.send(post(rig.port, CALL, token=rig.token()))
        await client.read_head()
        event = b"data: %b\n\n" % (b"x" * 8_000_000)
        async with asyncio.TaskGroup() as group:
            group.create_task(rig.upstream.send(chunk(event) + chunk(b"")))

            received = b""
            while piece := await client.read_chunk():
                received += piece

        assert received == event


async def test_the_next_request_is_served_when_the_stream_has_ended() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        rig.upstream.replies.append(event_stream_head() + chunk(b"data: 1\n\n"))
        call = post(rig.port, CALL, token=rig.token())
        await client.send(call + call)
        await client.read_head()
        assert await client.read_chunk() == b"data: 1\n\n"
        assert len(rig.upstream.requests) == 1

        await rig.upstream.send(chunk(b""))

        assert await client.read_chunk() == b""
        assert (await client.read_response()).status == 200
        assert len(rig.upstream.requests) == 2


async def pour(rig: Rig) -> None:
    """Send more than the gateway may hold, for as long as it is there."""
    with contextlib.suppress(ConnectionError):
        await rig.upstream.send(chunk(b"data: %b\n\n" % (b"x" * 8_000_000)))


async def paused_connection() -> ClientConnection:
    """The one client's, when it does not keep up."""
    found = (each for each in gc.get_objects() if type(each) is ClientConnection)
    (connection,) = (each for each in found if not each.is_lost)
    async with asyncio.timeout(5):
        while not connection.is_paused:  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0)
    return connection


@pytest.mark.requirement("S4")
async def test_a_client_that_leaves_while_it_does_not_read_ends_the_upstreams_part() -> None:
    async with running_rig() as rig, deaf(rig.port) as client:
        rig.upstream.replies.append(event_stream_head())
        call = post(rig.port, CALL, token=rig.token())
        await asyncio.get_running_loop().sock_sendall(client, call)
        await rig.upstream.wait_for_request()
        async with asyncio.TaskGroup() as group:
            group.create_task(pour(rig))
            await paused_connection()

            client.close()

            await asyncio.wait_for(rig.upstream.connection_lost.wait(), 5)


@pytest.mark.requirement("44")
async def test_a_stream_that_ends_while_its_client_does_not_read_has_no_clean_end() -> None:
    async with running_rig() as rig, deaf(rig.port) as client:
        rig.upstream.replies.append(event_stream_head())
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(client, post(rig.port, CALL, token=rig.token()))
        await rig.upstream.wait_for_request()
        async with asyncio.TaskGroup() as group:
            group.create_task(pour(rig))
            connection = await paused_connection()

            assert connection.streams.end(lambda _: True, "revoked") == 1

            await asyncio.wait_for(rig.upstream.connection_lost.wait(), 5)
        received = b""
        with contextlib.suppress(ConnectionError):
            while piece := await loop.sock_recv(client, 100_000):
                received += piece
        assert not received.endswith(b"0\r\n\r\n")
