"""Carrying a response of unknown length to the client."""

import pytest

from tests.support.raw_http import post, raw_connection
from tests.support.recording_upstream import chunk, event_stream_head
from tests.support.rig import running_rig

QUICK = "streams: {keepalive: 50ms}"


def server_config(upstream: str) -> str:
    return upstream


@pytest.mark.requirement("39", "S6")
async def test_a_quiet_stream_gets_comments_between_events() -> None:
    async with running_rig("streams: {keepalive: 50ms}\n") as rig, raw_connection(rig.port) as client:
        rig.upstream.replies.append(event_stream_head() + chunk(b"data: 1\n\n"))
        await client.send(post(rig.port, b'{"jsonrpc":"2.0","id":1,"method":"x"}', token=rig.token()))
        await client.read_head()

        assert await client.read_chunk() == b"data: 1\n\n"
        assert await client.read_chunk() == b": keepalive\n\n"


async def test_no_comment_amid_an_event() -> None:
    async with running_rig("streams: {keepalive: 20ms}\n") as rig, raw_connection(rig.port) as client:
        rig.upstream.replies.append(event_stream_head() + chunk(b"data: half"))
        await client.send(post(rig.port, b'{"jsonrpc":"2.0","id":1,"method":"x"}', token=rig.token()))
        await client.read_head()
        assert await client.read_chunk() == b"data: half"

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.reader.read(1)
