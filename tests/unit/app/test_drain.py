"""How a gateway ends."""

import asyncio

from gateway.app.serve import Serving
from tests.support.gateway import running_gateway, short_config
from tests.support.ports import reserved_port
from tests.support.raw_http import exchange, post
from tests.support.recording_upstream import RecordingUpstream, json_reply
from tests.support.rig import CALL
from tests.support.token_signer import TokenSigner


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
