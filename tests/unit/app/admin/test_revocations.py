"""`/revocations` on the admin listener."""

from collections.abc import AsyncIterator, Mapping

import pytest
from aiohttp import ClientSession, web
from pytest_aiohttp.plugin import AiohttpServer

from gateway.app.admin.revocations import MAX_BODY_BYTES, add_revocation_routes
from gateway.identity.principal import Principal
from gateway.identity.revocation.revocations import Revocations
from tests.support.hand_clock import HandClock
from tests.unit.identity.revocation.conftest import World

URL = "/revocations"
ADA = Principal("https://idp.example", "ada", issued_at=1.0)


@pytest.fixture
def world(tmp_path: object, clock: HandClock) -> World:
    return World(tmp_path, clock)  # type: ignore[arg-type]  # pytest's own path


@pytest.fixture
def revocations(world: World) -> Revocations:
    return world.replica()


@pytest.fixture
async def client(
    revocations: Revocations, aiohttp_server: AiohttpServer
) -> AsyncIterator[ClientSession]:
    app = web.Application()
    add_revocation_routes(app, revocations, "admin-token")
    server = await aiohttp_server(app)
    token = {"Authorization": "Bearer admin-token"}
    async with ClientSession(server.make_url("/"), headers=token) as opened:
        yield opened


async def add(client: ClientSession, said: Mapping[str, object]) -> tuple[int, dict[str, object]]:
    async with client.post(URL, json=said) as response:
        return response.status, await response.json()


@pytest.mark.requirement("152", "C6")
async def test_who_is_added_is_revoked_and_listed(
    client: ClientSession, revocations: Revocations
) -> None:
    status, told = await add(client, {"subject": "ada", "until": "2100-01-01T00:00:00Z"})

    assert (status, told["subject"]) == (201, "ada")
    assert revocations.concerns(ADA)
    async with client.get(URL) as response:
        (listed,) = (await response.json())["revocations"]
    assert (listed["id"], listed["until"]) == (told["id"], "2100-01-01T00:00:00.000Z")


async def test_a_pardon_takes_effect_and_a_second_one_finds_nothing(
    client: ClientSession, revocations: Revocations
) -> None:
    _, told = await add(client, {"subject": "ada"})

    async with client.delete(f"{URL}/{told['id']}") as first:
        assert first.status == 204
    async with client.delete(f"{URL}/{told['id']}") as second:
        assert second.status == 404
    assert not revocations.concerns(ADA)


@pytest.mark.parametrize("said", [{}, {"subject": 7}, {"subject": "ada", "unknown": 1}])
async def test_what_is_no_revocation_is_refused_whole(
    client: ClientSession, revocations: Revocations, said: Mapping[str, object]
) -> None:
    status, told = await add(client, said)

    assert status == 400
    assert told["error"]
    assert len(revocations) == 0


async def test_a_page_in_a_browser_can_post_nothing_here(
    client: ClientSession, revocations: Revocations
) -> None:
    async with client.post(URL, data='{"subject":"ada"}') as response:
        assert response.status == 415
    assert len(revocations) == 0


async def test_too_much_is_not_read(client: ClientSession) -> None:
    status, told = await add(client, {"subject": "a" * MAX_BODY_BYTES})

    assert (status, told["error"]) == (400, f"more than {MAX_BODY_BYTES} bytes")


async def test_a_store_that_is_away_is_told_as_such(client: ClientSession, world: World) -> None:
    world.store.is_plugged = False

    async with client.post(URL, json={"subject": "ada"}) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "5")
