"""`/sessions` on the admin listener."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web
from pytest_aiohttp.plugin import AiohttpServer

from gateway.app.admin.sessions import add_session_routes
from gateway.errors import UnknownSession
from tests.support.hand_clock import HandClock
from tests.unit.proxy.sessions.test_sessions import World

TOKEN = {"Authorization": "Bearer admin-token"}


@pytest.fixture
def world(clock: HandClock) -> World:
    return World(clock)


@pytest.fixture
async def client(world: World, aiohttp_server: AiohttpServer) -> AsyncIterator[ClientSession]:
    app = web.Application()
    add_session_routes(app, {"files": world.sessions}, "admin-token")
    server = await aiohttp_server(app)
    async with ClientSession(server.make_url("/")) as opened:
        yield opened


async def test_who_has_which_session_is_listed(world: World, client: ClientSession) -> None:
    world.find(world.begin())

    async with client.get("/sessions", headers=TOKEN) as response:
        (listed,) = (await response.json())["sessions"]

    assert (listed["server"], listed["subject"], listed["requests"]) == ("files", "ada", 1)
    assert listed["tools"] == ["read"]


async def test_one_that_is_ended_here_is_over(world: World, client: ClientSession) -> None:
    value = world.begin()
    (session,) = world.sessions

    async with client.delete(f"/sessions/{session.name}", headers=TOKEN) as response:
        assert response.status == 204

    with pytest.raises(UnknownSession):
        world.find(value)


async def test_one_that_nobody_knows_here_may_be_elsewhere(client: ClientSession) -> None:
    async with client.delete("/sessions/000000000000", headers=TOKEN) as response:
        assert response.status == 404
        assert "another replica" in (await response.json())["error"]


@pytest.mark.requirement("A13")
async def test_without_the_token_nobody_reads_or_ends_one(
    world: World, client: ClientSession
) -> None:
    world.begin()
    (session,) = world.sessions

    async with (
        client.get("/sessions") as reading,
        client.delete(f"/sessions/{session.name}") as ending,
    ):
        assert (reading.status, ending.status) == (401, 401)
    assert len(world.sessions) == 1
