"""What the gateway itself adds to a request."""

import pytest

from gateway.errors import AccessDenied
from gateway.http.message_head import Lines
from gateway.proxy.outgoing.introduction import Introduction, introduce

CALL = Introduction(None, None, None, b"", 0.0)


async def _one(call: Introduction) -> Lines:
    return Lines(b"A: 1\r\n")


async def _two(call: Introduction) -> Lines:
    return Lines(b"B: 2\r\n")


async def _never(call: Introduction) -> Lines:
    raise AccessDenied("no")


async def test_lines_stand_in_their_order() -> None:
    assert await introduce([_one, _two], CALL) == b"A: 1\r\nB: 2\r\n"
    assert await introduce([], CALL) == b""


async def test_one_that_fails_stops_the_request() -> None:
    with pytest.raises(AccessDenied):
        await introduce([_one, _never], CALL)
