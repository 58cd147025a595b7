"""A call whose event stream ends before its answer is told so, whatever ended it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_check_to_use import revoke_ada, revoking_rig
from tests.integration.test_drain import ending_rig
from tests.support.raw_http import RawConnection, post, raw_connection
from tests.support.recording_upstream import chunk, event_stream_head
from tests.support.rig import CALL, Rig, running_rig

pytestmark = pytest.mark.requirement("B4")

PROGRESS = b'data: {"jsonrpc":"2.0","method":"notifications/progress","params":{}}\n\n'
ANSWER = b'data: {"jsonrpc":"2.0","id":1,"result":{}}\n\n'


async def begin(rig: Rig, client: RawConnection, first: bytes = PROGRESS) -> None:
    rig.upstream.replies.append(event_stream_head() + chunk(first))
    await client.send(post(rig.port, CALL, token=rig.token()))
    assert (await client.read_head()).status == 200
    assert await client.read_chunk() == first


async def told(client: RawConnection) -> str:
    """The error of the only call, after which the stream ends cleanly."""
    event = await client.read_chunk()
    assert event.startswith(b"data: ")
    assert event.endswith(b"\n\n")
    message: dict[str, Any] = json.loads(event.removeprefix(b"data: "))
    assert message["id"] == 1
    assert await client.read_chunk() == b""
    return str(message["error"]["data"]["error"])


async def test_a_server_that_breaks_off_between_events(capfd: pytest.CaptureFixture[str]) -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        await begin(rig, client)
        rig.upstream.abort_connections()

        assert await told(client)
        assert await client.is_closed()
    lines = [line for line in capfd.readouterr().out.splitlines() if "mcp_request" in line]
    assert [json.loads(line)["result"] for line in lines] == ["upstream_error"]


async def test_a_server_that_breaks_off_after_its_answer_ends_the_stream_cleanly() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        await begin(rig, client, ANSWER)
        rig.upstream.abort_connections()

        assert await client.read_chunk() == b""


async def test_a_server_that_breaks_off_amid_an_event_aborts_the_client() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        await begin(rig, client, PROGRESS + b"data: ha")
        rig.upstream.abort_connections()

        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await client.read_chunk()


async def test_a_revocation(tmp_path: Path) -> None:
    async with revoking_rig(tmp_path) as rig, raw_connection(rig.port) as client:
        await begin(rig, client)
        await revoke_ada(rig)

        assert await told(client) == "invalid_token"


async def test_the_end_of_the_gateway() -> None:
    async with ending_rig() as (rig, end), raw_connection(rig.port) as client:
        await begin(rig, client)
        end.set()

        assert await told(client) == "shutting_down"


async def test_each_open_call_of_a_batch_is_told() -> None:
    batch = b"[%b,%b]" % (CALL, CALL.replace(b'"id":1', b'"id":"two"'))
    async with running_rig() as rig, raw_connection(rig.port) as client:
        rig.upstream.replies.append(event_stream_head() + chunk(PROGRESS))
        await client.send(post(rig.port, batch, token=rig.token()))
        assert (await client.read_head()).status == 200
        assert await client.read_chunk() == PROGRESS
        rig.upstream.abort_connections()

        ids = [json.loads((await client.read_chunk())[6:])["id"] for _ in range(2)]

        assert ids == [1, "two"]
        assert await client.read_chunk() == b""
