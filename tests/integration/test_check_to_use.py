"""What changes between the check of a token and its use: CWE-367."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.attacks.full_config import running_server
from tests.support.raw_http import RawConnection, post, raw_connection
from tests.support.recording_upstream import chunk, event_stream_head, json_reply
from tests.support.rig import CALL, Rig, running_rig

ADMIN = """\
admin: {{listen: "127.0.0.1:0", token: admin-token}}
store: {{url: "sqlite:"}}
state_dir: {}
"""
TOKEN = {"Authorization": "Bearer admin-token"}
NO_SKEW = "clock_skew: 0s"
LIMIT_S = 5


@asynccontextmanager
async def revoking_rig(state: Path, upstream: str = "") -> AsyncIterator[Rig]:
    async with running_rig(ADMIN.format(state), issuer=NO_SKEW, upstream=upstream) as rig:
        yield rig


async def revoke_ada(rig: Rig) -> None:
    async with ClientSession(headers=TOKEN) as client:
        url = f"http://127.0.0.1:{rig.admin_port}/revocations"
        assert (await client.post(url, json={"subject": "ada"})).status == 201


async def begin(client: RawConnection, rig: Rig, token: str) -> bytes:
    """Send a call but for its last bytes, once it has been let in; returns those."""
    request = post(rig.port, CALL, token=token, headers=b"Expect: 100-continue\r\n")
    await client.send(request.removesuffix(CALL))
    assert (await client.read_head()).status == 100
    await client.send(CALL[:-5])
    return CALL[-5:]


@pytest.mark.requirement("A5")
async def test_who_is_revoked_while_the_body_arrives_is_not_served(tmp_path: Path) -> None:
    async with revoking_rig(tmp_path) as rig, raw_connection(rig.port) as client:
        rest = await begin(client, rig, rig.token())
        await revoke_ada(rig)
        await client.send(rest)

        response = await client.read_response()

        assert response.status == 401
        assert "revoked" in str(response.challenge)
        rig.upstream.assert_untouched()


@pytest.mark.requirement("A5")
async def test_a_token_that_expires_while_the_body_arrives_is_not_served(tmp_path: Path) -> None:
    async with revoking_rig(tmp_path) as rig, raw_connection(rig.port) as client:
        token = rig.token(exp=time.time() + 0.5)
        rest = await begin(client, rig, token)
        other = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
        async with asyncio.timeout(LIMIT_S):
            while (await rig.call(token=token, body=other)).status == 200:
                pass
        await client.send(rest)

        response = await client.read_response()

        assert response.status == 401
        assert "expired" in str(response.challenge)
        assert {each.body for each in rig.upstream.requests} <= {other}


@pytest.mark.requirement("A5")
async def test_who_is_revoked_while_the_call_waits_for_a_connection_is_not_served(
    tmp_path: Path,
) -> None:
    async with revoking_rig(tmp_path, "max_connections: 1") as rig:
        rig.upstream.replies.append(None)
        async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as group:
            group.create_task(rig.call(token=rig.token(sub="bob")))
            await rig.upstream.wait_for_request()
            async with raw_connection(rig.port) as client:
                rest = await begin(client, rig, rig.token())
                await client.send(rest)
                await revoke_ada(rig)
                await rig.upstream.send(json_reply(b"{}"))

                assert (await client.read_response()).status == 401
        assert len(rig.upstream.requests) == 1


@pytest.mark.requirement("A5")
async def test_who_is_revoked_while_the_server_thinks_is_given_no_stream(tmp_path: Path) -> None:
    async with revoking_rig(tmp_path) as rig, raw_connection(rig.port) as client:
        rig.upstream.replies.append(None)
        await client.send(post(rig.port, CALL, token=rig.token()))
        await rig.upstream.wait_for_request()
        await revoke_ada(rig)
        await rig.upstream.send(event_stream_head() + chunk(b"data: 1\n\n"))

        response = await client.read_response()

        assert response.status == 401
        assert b"data: 1" not in response.body
        async with asyncio.timeout(LIMIT_S):
            await rig.upstream.connection_lost.wait()


@pytest.mark.requirement("A5")
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_drips_has_an_end(chunked: bool) -> None:
    async with (
        running_server("limits: {body_timeout: 200ms, body_total_timeout: 500ms}") as rig,
        raw_connection(rig.port) as client,
    ):
        request = post(rig.port, CALL, token=rig.token())
        if chunked:
            length = b"Content-Length: %d" % len(CALL)
            request = request.replace(length, b"Transfer-Encoding: chunked")
        await client.send(request.removesuffix(CALL))
        started = time.monotonic()
        async with asyncio.TaskGroup() as group:
            dripping = group.create_task(_drip(client, chunked))

            response = await client.read_response()
            dripping.cancel()

        assert response.status == 408
        assert time.monotonic() - started < 2
        rig.upstream.assert_untouched()


async def _drip(client: RawConnection, chunked: bool) -> None:
    for byte in CALL:
        await client.send(b"1\r\n%c\r\n" % byte if chunked else bytes([byte]))
        await asyncio.sleep(0.05)
