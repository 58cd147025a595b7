"""What the gateway itself adds to a request."""

import pytest

from gateway.errors import AccessDenied
from gateway.http.message_head import Lines
from gateway.proxy.outgoing.header_source import OutgoingCall, collect_lines

CALL = OutgoingCall(None, None, None, b"", 0.0)


async def _one(call: OutgoingCall) -> Lines:
    return Lines(b"A: 1\r\n")


async def _two(call: OutgoingCall) -> Lines:
    return Lines(b"B: 2\r\n")


async def _never(call: OutgoingCall) -> Lines:
    raise AccessDenied("no")


async def test_lines_stand_in_their_order() -> None:
    assert await collect_lines([_one, _two], CALL) == b"A: 1\r\nB: 2\r\n"
    assert await collect_lines([], CALL) == b""


async def test_one_that_fails_stops_the_request() -> None:
    with pytest.raises(AccessDenied):
        await collect_lines([_one, _never], CALL)
