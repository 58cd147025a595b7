"""What the server is sent and what it answers."""

import pytest

from tests.support.raw_http import post
from tests.support.recording_upstream import json_reply
from tests.support.rig import CALL, running_rig

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.requirement("10", "11")
async def test_the_server_gets_the_body_the_trace_and_no_token() -> None:
    async with running_rig() as rig:
        token = rig.token()
        trace = f"traceparent: {TRACE}\r\ntracestate: a=b\r\n".encode()
        await rig.send(post(rig.port, CALL, token=token, headers=trace))

    assert rig.upstream.last.body == CALL
    assert rig.upstream.last.value("Traceparent") == TRACE
    assert rig.upstream.last.value("Tracestate") == "a=b"
    assert token.encode() not in rig.upstream.received


async def test_header_sources_say_theirs_beside_the_session() -> None:
    async with running_rig(server="forward: {assertion: {}}") as rig:
        rig.upstream.replies.append(json_reply(b"{}", headers=b"Mcp-Session-Id: theirs\r\n"))
        begun = await rig.call()
        session = f"Mcp-Session-Id: {begun.value('Mcp-Session-Id')}\r\n".encode()
        rig.upstream.replies.append(json_reply(b"{}"))
        await rig.send(post(rig.port, CALL, token=rig.token(), headers=session))

    assert rig.upstream.last.value("Mcp-Session-Id") == "theirs"
    assert rig.upstream.last.value("X-Gateway-Assertion") is not None


async def test_a_session_of_somebody_else_is_unknown() -> None:
    async with running_rig() as rig:
        rig.upstream.replies.append(json_reply(b"{}", headers=b"Mcp-Session-Id: theirs\r\n"))
        begun = await rig.call()
        session = f"Mcp-Session-Id: {begun.value('Mcp-Session-Id')}\r\n".encode()
        eve = rig.token(sub="eve")
        answer = await rig.send(post(rig.port, CALL, token=eve, headers=session))

        assert answer.status == 404
        assert len(rig.upstream.requests) == 1
