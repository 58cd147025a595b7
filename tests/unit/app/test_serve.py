"""The gateway as a whole: it starts, waits for keys, drains and ends."""

import asyncio

import pytest

from gateway.app.serve import Serving
from tests.support.gateway import running_gateway, short_config
from tests.support.ports import reserved_port
from tests.support.raw_http import exchange, post
from tests.support.recording_upstream import RecordingUpstream, json_reply
from tests.support.rig import CALL, running_rig
from tests.support.token_signer import TokenSigner


async def get(port: int, path: str) -> int:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    return (await exchange(port, request.encode())).status


async def test_a_gateway_with_keys_is_ready() -> None:
    async with running_rig() as rig:
        assert await get(rig.admin_port, "/readyz") == 200


@pytest.mark.requirement("J22")
async def test_without_keys_it_is_not_ready_and_refuses_nobody_for_good() -> None:
    """A 401 would make clients throw away good tokens."""
    with reserved_port() as port:
        async with RecordingUpstream() as upstream, TokenSigner() as signer:
            signer.status = 500
            config = short_config(port, upstream.url, signer.issuer)
            async with running_gateway(config) as gateway:
                token = signer.token(f"http://127.0.0.1:{port}/mcp", header=None, key=None)
                response = await exchange(port, post(port, CALL, token=token))

                assert await get(gateway.admin_port, "/readyz") == 503
                assert response.status == 503
                assert response.value("Retry-After") is not None
                upstream.assert_untouched()


async def test_a_request_under_way_is_finished_when_the_gateway_ends() -> None:
    with reserved_port() as port:
        async with RecordingUpstream() as upstream, TokenSigner() as signer:
            upstream.replies.append(None)
            token = signer.token(f"http://127.0.0.1:{port}/mcp", header=None, key=None)
            config = short_config(port, upstream.url, signer.issuer)
            async with asyncio.TaskGroup() as group, running_gateway(config) as gateway:
                answer = group.create_task(exchange(port, post(port, CALL, token=token)))
                await upstream.wait_for_request()
                group.create_task(reply_while_draining(gateway, upstream))

            assert answer.result().status == 200


async def reply_while_draining(gateway: Serving, upstream: RecordingUpstream) -> None:
    while not gateway.observers.readiness.draining:  # noqa: ASYNC110  # nothing tells of it
        await asyncio.sleep(0)
    await upstream.send(json_reply(b"{}"))


async def test_a_port_that_is_taken_is_an_error_of_the_system() -> None:
    async with running_rig() as rig:
        config = short_config(rig.port, rig.upstream.url, rig.signer.issuer)
        with pytest.raises(OSError, match="address already in use"):
            async with running_gateway(config):
                raise AssertionError
