"""The rig itself, without the gateway: what the other tests show is the gateway's doing."""

from typing import get_args

import pytest
from mcp.client import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from tests.support.mcp_servers import Kind, running_mcp_server
from tests.support.oauth_client import Mode
from tests.support.raw_http import exchange, post, raw_connection
from tests.support.recording_upstream import RecordingUpstream, chunk, event_stream_head

HTTP_KINDS = [kind for kind in get_args(Kind) if kind != "sse"]


@pytest.mark.parametrize("mode", get_args(Mode))
@pytest.mark.parametrize("kind", HTTP_KINDS)
async def test_server_alone_learns_nothing_about_its_caller(kind: Kind, mode: Mode) -> None:
    with running_mcp_server(kind) as url:
        async with Client(streamable_http_client(url), mode=mode) as client:
            result = await client.call_tool("whoami", {})

    assert result.structured_content == {}


async def test_server_of_the_first_transport_answers() -> None:
    with running_mcp_server("sse") as url:
        async with Client(sse_client(url), mode="legacy") as client:
            result = await client.call_tool("add", {"a": 1, "b": 2})

    assert result.structured_content == {"result": 3}


async def test_recording_upstream_is_untouched_until_a_byte_arrives(
    upstream: RecordingUpstream,
) -> None:
    upstream.assert_untouched()

    answer = await exchange(upstream.port, post(upstream.port, b"{}", headers=b"X-A: 1\r\n"))

    assert answer.status == 200
    assert (upstream.last.method, upstream.last.body) == ("POST", b"{}")
    assert upstream.last.value("x-a") == "1"
    with pytest.raises(AssertionError, match="received"):
        upstream.assert_untouched()


async def test_raw_client_reads_chunks_as_they_come(upstream: RecordingUpstream) -> None:
    upstream.replies.append(event_stream_head())

    async with raw_connection(upstream.port) as connection:
        await connection.send(post(upstream.port, b"{}"))
        head = await connection.read_head()
        await upstream.send(chunk(b"data: 1\n\n"))
        first = await connection.read_chunk()
        upstream.abort_connections()
        aborted = await connection.is_closed()

    assert head.value("Content-Type") == "text/event-stream"
    assert first == b"data: 1\n\n"
    assert aborted
