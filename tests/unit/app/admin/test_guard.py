"""What changes something on the admin listener needs its token."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web
from pytest_aiohttp.plugin import AiohttpServer

from gateway.app.admin.guard import error, guarded

URL = "/guarded"


@pytest.fixture
async def client(aiohttp_server: AiohttpServer) -> AsyncIterator[ClientSession]:
    async def inside(request: web.Request) -> web.Response:
        return web.Response(text="inside")

    app = web.Application()
    app.router.add_get(URL, guarded(inside, "admin-token"))
    server = await aiohttp_server(app)
    async with ClientSession(server.make_url("/")) as opened:
        yield opened


async def test_the_token_opens(client: ClientSession) -> None:
    async with client.get(URL, headers={"Authorization": "Bearer admin-token"}) as response:
        assert await response.text() == "inside"


@pytest.mark.requirement("A13")
@pytest.mark.parametrize(
    "values", [[], ["Bearer admin-toke"], ["bearer admin-token"], ["admin-token"], ["Bearer é"]]
)
async def test_nothing_else_does(client: ClientSession, values: list[str]) -> None:
    sent = [("Authorization", value) for value in values]

    async with client.get(URL, headers=sent) as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert "inside" not in await response.text()


@pytest.mark.requirement("A13")
async def test_a_good_token_beside_another_does_not(client: ClientSession) -> None:
    sent = [("Authorization", "Bearer admin-token"), ("Authorization", "Bearer admin-token")]

    async with client.get(URL, headers=sent) as response:
        assert response.status == 401


def test_an_error_is_kept_by_nobody() -> None:
    assert error(404, "Nothing here.").headers["Cache-Control"] == "no-store"
