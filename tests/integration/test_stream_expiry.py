"""Streams that outlive their token: they end at `exp`, between events."""

import asyncio
import json
import time

import pytest

from tests.support.raw_http import RawConnection, post, raw_connection
from tests.support.recording_upstream import chunk, event_stream_head
from tests.support.rig import CALL, Rig, running_rig

EVENT = b"data: 1\n\n"
SOON_S = 1


async def _listen(rig: Rig, client: RawConnection, expires_in_s: float, first: bytes) -> None:
    rig.upstream.replies.append(event_stream_head() + chunk(first))
    token = rig.token(exp=time.time() + expires_in_s)
    headers = f"Authorization: Bearer {token}\r\nAccept: text/event-stream\r\n"
    await client.send(rig.request("GET", "/mcp", headers=headers.encode()))
    assert (await client.read_head()).status == 200
    assert await client.read_chunk() == first


@pytest.mark.requirement("C8")
async def test_a_stream_ends_cleanly_when_its_token_does(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        started = time.time()
        await _listen(rig, client, SOON_S, EVENT)

        assert await client.read_chunk() == b""

        assert SOON_S - 0.1 <= time.time() - started < SOON_S + 1
    lines = [line for line in capfd.readouterr().out.splitlines() if "mcp_request" in line]
    assert [json.loads(line)["ended"] for line in lines] == ["expired"]


@pytest.mark.requirement("C8", "44")
async def test_an_event_that_is_under_way_may_end() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        await _listen(rig, client, SOON_S, EVENT + b"data: ha")
        await asyncio.sleep(SOON_S + 0.2)  # past the end of the token
        await rig.upstream.send(chunk(b"lf\n\n"))

        assert await client.read_chunk() == b"lf\n\n"
        assert await client.read_chunk() == b""


@pytest.mark.requirement("B4")
async def test_a_call_that_ends_with_its_token_is_told() -> None:
    async with (
        running_rig(server="streams: {expiry_grace: 0s}") as rig,
        raw_connection(rig.port) as client,
    ):
        told = await _call(rig, client)

        assert told is not None
        message = json.loads(told.removeprefix(b"data: "))
        assert message["id"] == 1
        assert message["error"]["data"]["error"] == "invalid_token"
        assert await client.read_chunk() == b""


@pytest.mark.requirement("B4")
@pytest.mark.parametrize(
    "setting", ["expiry_grace: 20s", "at_expiry: end_listening", "at_expiry: keep"]
)
async def test_a_call_may_be_allowed_to_finish(setting: str) -> None:
    async with (
        running_rig(server=f"streams: {{{setting}}}") as rig,
        raw_connection(rig.port) as client,
    ):
        assert await _call(rig, client) is None
        await rig.upstream.send(chunk(EVENT) + chunk(b""))
        assert await client.read_chunk() == EVENT


async def _call(rig: Rig, client: RawConnection) -> bytes | None:
    """What follows the first event of an answer, None when nothing does within two seconds."""
    rig.upstream.replies.append(event_stream_head() + chunk(EVENT))
    token = rig.token(exp=time.time() + SOON_S)
    await client.send(post(rig.port, CALL, token=token))
    assert (await client.read_head()).status == 200
    assert await client.read_chunk() == EVENT
    try:
        async with asyncio.timeout(2):
            return await client.read_chunk()
    except TimeoutError:
        return None
