import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from gateway.app.admin.door import Door
from tests.support.raw_http import RawConnection, raw_connection

PROBE = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
OTHER = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"


def first_answer(received: bytes) -> bytes | None:
    return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" if received == PROBE else None


@pytest.fixture
async def door() -> Door:
    return Door(first_answer)


@pytest.fixture
async def port(door: Door) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(door, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    door.close()


@pytest.fixture
async def application() -> AsyncIterator[web.Server]:
    async def say_path(request: web.BaseRequest) -> web.Response:
        return web.Response(text=request.path)

    server = web.Server(say_path)
    yield server
    await server.shutdown()


async def visitors(door: Door, count: int) -> None:
    while len(door.visitors) < count:  # noqa: ASYNC110  # nothing tells of it
        await asyncio.sleep(0)


async def path_of(connection: RawConnection) -> bytes:
    return (await connection.read_response()).body


async def test_what_is_plain_is_answered_at_the_door_and_ends(door: Door, port: int) -> None:
    async with raw_connection(port) as connection:
        await connection.send(PROBE)

        assert (await connection.read_response()).status == 200
        assert await connection.is_closed()
        assert not door.wanted.is_set()


@pytest.mark.parametrize("sent_first", [len(OTHER), len(OTHER) - 1, 7, 1])
async def test_everything_else_waits_and_loses_no_byte(
    door: Door, port: int, application: web.Server, sent_first: int
) -> None:
    async with raw_connection(port) as connection:
        await connection.send(OTHER[:sent_first])
        await door.wanted.wait()

        door.open(application)
        await connection.send(OTHER[sent_first:])

        assert await path_of(connection) == b"/metrics"


async def test_who_has_said_nothing_yet_speaks_with_the_application(
    door: Door, port: int, application: web.Server
) -> None:
    async with raw_connection(port) as connection:
        await visitors(door, 1)

        door.open(application)
        await connection.send(PROBE)

        assert await path_of(connection) == b"/livez"


async def test_who_comes_later_does_not_stand_at_the_door(
    door: Door, port: int, application: web.Server
) -> None:
    door.open(application)

    async with raw_connection(port) as connection:
        await connection.send(PROBE)

        assert await path_of(connection) == b"/livez"
        assert not door.visitors


async def test_a_connection_accepted_before_the_opening_is_not_forgotten(
    door: Door, application: web.Server
) -> None:
    """The event loop makes the protocol first, and tells it of its connection later."""
    accepted = door()
    door.open(application)

    server = await asyncio.get_running_loop().create_server(lambda: accepted, "127.0.0.1", 0)
    async with server, raw_connection(server.sockets[0].getsockname()[1]) as connection:
        await connection.send(PROBE)

        assert await path_of(connection) == b"/livez"


async def test_who_left_is_not_let_in(door: Door, port: int, application: web.Server) -> None:
    async with raw_connection(port):
        await visitors(door, 1)
    while door.visitors:  # noqa: ASYNC110  # nothing tells of it
        await asyncio.sleep(0)

    door.open(application)

    assert not application.connections


async def test_a_closed_door_sends_away_who_waits(door: Door, port: int) -> None:
    async with raw_connection(port) as silent, raw_connection(port) as waiting:
        await waiting.send(OTHER)
        await visitors(door, 2)
        await door.wanted.wait()

        door.close()

        assert await silent.is_closed()
        assert await waiting.is_closed()
