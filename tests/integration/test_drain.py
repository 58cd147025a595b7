"""The end of the gateway, as those see it who hold connections to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.support.raw_http import RawConnection, post, raw_connection
from tests.support.recording_upstream import json_reply
from tests.support.rig import CALL, Rig, running_rig

DELAY = "shutdown: {delay: 700ms, drain: 2s}\n"
LIMIT_S = 5


@asynccontextmanager
async def ending_rig() -> AsyncIterator[tuple[Rig, asyncio.Event]]:
    """A rig whose gateway begins to end when the event is set."""
    told = asyncio.Event()
    ready: asyncio.Future[Rig] = asyncio.get_running_loop().create_future()

    async def run() -> None:
        async with running_rig(DELAY) as rig:
            ready.set_result(rig)
            await told.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(run())
        yield await ready, told
        told.set()


async def until_draining(rig: Rig) -> None:
    """Ask the admin listener until it says so."""
    async with asyncio.timeout(LIMIT_S), raw_connection(rig.admin_port) as client:
        while True:
            await client.send(rig.request("GET", "/readyz"))
            if b'"draining": true' in (await client.read_response()).body:
                return


async def until_deaf(rig: Rig) -> None:
    """The delay is over when nobody listens any more."""
    async with asyncio.timeout(LIMIT_S):
        with suppress(ConnectionError):
            while True:
                async with raw_connection(rig.port):
                    await asyncio.sleep(0)


async def served(client: RawConnection, request: bytes) -> str | None:
    """What the answer says of its connection."""
    await client.send(request)
    response = await client.read_response()
    assert response.status == 200
    return response.value("Connection")


@pytest.mark.requirement("U10")
async def test_an_idle_connection_is_closed_when_the_drain_begins() -> None:
    async with ending_rig() as (rig, told), raw_connection(rig.port) as client:
        assert await served(client, post(rig.port, CALL, token=rig.token())) is None

        told.set()

        assert await client.is_closed(within_s=0.5)  # before the delay is over


@pytest.mark.requirement("U10")
async def test_every_answer_in_the_delay_is_the_last_of_its_connection() -> None:
    async with ending_rig() as (rig, told), raw_connection(rig.port) as unused:
        told.set()
        await until_draining(rig)
        async with raw_connection(rig.port) as newcomer:
            health = rig.request("GET", "/health")

            assert await served(unused, health) == "close"
            assert await served(newcomer, post(rig.port, CALL, token=rig.token())) == "close"
            assert await newcomer.is_closed()


@pytest.mark.requirement("U10")
async def test_a_request_begun_before_the_drain_is_answered_and_ends_its_connection() -> None:
    async with ending_rig() as (rig, told), raw_connection(rig.port) as client:
        rig.upstream.replies.append(None)
        await client.send(post(rig.port, CALL, token=rig.token()))
        await rig.upstream.wait_for_request()
        told.set()
        await until_draining(rig)
        await rig.upstream.send(json_reply(b"{}"))

        response = await client.read_response()

        assert (response.status, response.value("Connection")) == (200, "close")
        assert await client.is_closed()


@pytest.mark.requirement("U10")
async def test_a_body_that_is_under_way_when_the_delay_ends_is_still_read() -> None:
    async with ending_rig() as (rig, told), raw_connection(rig.port) as client:
        request = post(rig.port, CALL, token=rig.token())
        await client.send(request[:-5])
        told.set()
        await until_draining(rig)
        await until_deaf(rig)

        assert await served(client, request[-5:]) == "close"
