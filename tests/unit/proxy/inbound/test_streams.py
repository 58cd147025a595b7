"""Many responses of unknown length, and one timer for all of them."""

import gc
import time
from contextlib import AsyncExitStack

from gateway.proxy.inbound.streams import Streams
from tests.support.raw_http import RawConnection, raw_connection
from tests.support.recording_upstream import event_stream_head
from tests.support.rig import Rig, running_rig

SOON_S = 0.3


def listed(count: int) -> Streams:
    """What lists the streams of the rig, which are so many."""
    (found,) = (each for each in gc.get_objects() if type(each) is Streams and len(each) == count)
    return found


async def listen(stack: AsyncExitStack, rig: Rig, good_for_s: float) -> RawConnection:
    """Open a stream with a token that ends by then."""
    client = await stack.enter_async_context(raw_connection(rig.port))
    rig.upstream.replies.append(event_stream_head())
    token = rig.token(exp=time.time() + good_for_s)
    headers = f"Authorization: Bearer {token}\r\nAccept: text/event-stream\r\n"
    await client.send(rig.request("GET", "/mcp", headers=headers.encode()))
    assert (await client.read_head()).status == 200
    return client


async def test_each_stream_is_kept_alive_for_itself() -> None:
    async with (
        running_rig(server="streams: {keepalive: 50ms}") as rig,
        AsyncExitStack() as stack,
    ):
        clients = [await listen(stack, rig, 60) for _ in range(3)]

        for client in clients * 2:
            assert await client.read_chunk() == b": keepalive\n\n"


async def test_a_stream_that_begins_later_may_end_first() -> None:
    async with running_rig() as rig, AsyncExitStack() as stack:
        later = await listen(stack, rig, 3 * SOON_S)
        first = await listen(stack, rig, SOON_S)

        assert await first.read_chunk() == b""
        assert listed(1)
        assert await later.read_chunk() == b""


async def test_only_the_streams_of_those_concerned_are_ended() -> None:
    async with running_rig() as rig, AsyncExitStack() as stack:
        clients = [await listen(stack, rig, 60) for _ in range(2)]
        streams = listed(2)

        assert streams.end(lambda who: who.subject == "nobody", "revoked") == 0
        assert streams.end(lambda who: True, "revoked") == 2

        for client in clients:
            assert await client.read_chunk() == b""
        assert not streams
