"""Whether an upstream can be connected to."""

import asyncio
import errno
import logging

import pytest

from gateway.proxy.upstream.reach import QUIET_S, Reach
from gateway.proxy.upstream.target import parse_target
from tests.support.ports import reserved_port
from tests.support.recording_upstream import RecordingUpstream

pytestmark = pytest.mark.requirement("U12")


class Watched:
    """A reach whose clock the test sets, and what it was told."""

    def __init__(self, url: str) -> None:
        self.now = 0.0
        self.changes: list[bool] = []
        self.reach = Reach(
            "mcp", parse_target(url), 1.0, self.changes.append, clock=lambda: self.now
        )


async def test_a_server_is_asked_nothing(upstream: RecordingUpstream) -> None:
    watched = Watched(upstream.url)

    await watched.reach.look()

    assert (watched.reach.missing, watched.changes) == ("", [])
    upstream.assert_untouched()
    assert upstream.connections == 0


async def test_down_and_up_again_are_a_line_each(
    caplog: pytest.LogCaptureFixture, upstream: RecordingUpstream
) -> None:
    caplog.set_level(logging.INFO)
    with reserved_port() as port:
        watched = Watched(f"http://127.0.0.1:{port}/mcp")
        for _ in range(3):
            await watched.reach.look()
        assert "ConnectionRefusedError" in watched.reach.missing
        async with await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", port):
            watched.now = QUIET_S
            for _ in range(3):
                await watched.reach.look()

    assert watched.changes == [False, True]
    assert [record.getMessage() for record in caplog.records] == [
        "upstream cannot be reached",
        "upstream can be reached again",
    ]
    assert str(errno.ECONNREFUSED) in vars(caplog.records[0])["error"]


async def test_a_server_that_comes_and_goes_is_told_of_seldom(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    with reserved_port() as port:
        watched = Watched(f"http://127.0.0.1:{port}/mcp")
        for _ in range(5):
            await watched.reach.look()
            async with await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", port):
                await watched.reach.look()

    assert watched.changes == [False, True] * 5
    assert len(caplog.records) == 1


async def test_a_name_that_cannot_be_one_is_not_reachable() -> None:
    watched = Watched(f"http://{'x' * 70}.example/mcp")

    await watched.reach.look()

    assert watched.reach.missing


async def test_a_failed_request_makes_it_look_at_once() -> None:
    connected = asyncio.Event()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        connected.set()

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        target = parse_target(f"http://127.0.0.1:{port}/mcp")
        reach = Reach("mcp", target, 1.0, lambda up: None, always=False)
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            running = group.create_task(reach.run())
            await connected.wait()
            connected.clear()
            reach.suspect()
            await connected.wait()
            running.cancel()
