"""What passes between client and upstream, byte for byte."""

import asyncio
import json

import pytest

from tests.support.raw_http import post, raw_connection
from tests.support.recording_upstream import chunk, event_stream_head, json_reply
from tests.support.rig import CALL, running_rig

BODIES = [
    CALL,
    b'{ "jsonrpc" : "2.0",\n"method":"tools/call","id":"\\u00e9","params":{"name":"caf\\u00e9"} }',
    '{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"naïve ☃"}}'.encode(),
]


@pytest.mark.requirement("10", "11")
async def test_token_reaches_the_upstream_nowhere() -> None:
    async with running_rig() as rig:
        token = rig.token()
        await rig.call(token=token)

    assert token.encode() not in rig.upstream.received
    assert b"authorization" not in rig.upstream.received.lower()


@pytest.mark.requirement("161")
@pytest.mark.parametrize("body", BODIES)
async def test_body_passes_byte_for_byte(body: bytes) -> None:
    async with running_rig() as rig:
        await rig.call(body=body)

    assert rig.upstream.last.body == body


@pytest.mark.requirement("161")
async def test_query_passes_byte_for_byte() -> None:
    query = "a=%7E&b=~&a=1+2&&=x"
    async with running_rig() as rig:
        await rig.send(post(rig.port, CALL, token=rig.token(), path=f"/mcp?{query}"))

    assert rig.upstream.last.target == f"/mcp?{query}"


@pytest.mark.requirement("173")
@pytest.mark.parametrize(("client", "upstream"), [(b"1.0", b"1.1"), (b"1.1", b"1.0")])
async def test_neither_side_learns_the_version_of_the_other(client: bytes, upstream: bytes) -> None:
    async with running_rig() as rig, raw_connection(rig.port) as connection:
        rig.upstream.replies.append(json_reply(b"{}").replace(b"HTTP/1.1", b"HTTP/" + upstream))
        request = post(rig.port, CALL, token=rig.token())
        await connection.send(request.replace(b"HTTP/1.1", b"HTTP/" + client, 1))

        status_line = await connection.reader.readuntil(b"\r\n")

        assert status_line.startswith(b"HTTP/1.1 200")
        assert rig.upstream.received.startswith(b"POST /mcp HTTP/1.1\r\n")


@pytest.mark.requirement("28")
async def test_accepted_notification_stays_without_a_body() -> None:
    async with running_rig() as rig:
        rig.upstream.replies.append(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        answer = await rig.call(body=b'{"jsonrpc":"2.0","method":"notifications/initialized"}')

    assert (answer.status, answer.body) == (202, b"")


@pytest.mark.requirement("45", "41")
@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "405 Method Not Allowed"])
async def test_error_of_the_upstream_passes_unchanged(status: str) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}'
    async with running_rig() as rig:
        rig.upstream.replies.append(json_reply(body, status=status))
        answer = await rig.call()

    assert (answer.status, answer.body) == (int(status[:3]), body)


@pytest.mark.requirement("29")
async def test_page_of_the_upstream_does_not_pass() -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p>x"
    async with running_rig() as rig:
        rig.upstream.replies.append(page)
        answer = await rig.call()

    assert answer.status == 502
    assert b"<p>" not in answer.body


@pytest.mark.requirement("158", "I1", "I2", "I3", "I4", "142")
@pytest.mark.parametrize("name", ["X-User-Id", "x-user-id", "X_User_Id", "X-User_ID", "x.user.id"])
async def test_identity_header_of_the_callers_own_is_dropped(name: str) -> None:
    forged = f"{name}: root\r\n{name}: admin\r\n".encode()
    async with running_rig() as rig:
        answer = await rig.call(headers=forged)

    if answer.status == 200:
        assert rig.upstream.last.value("X-User-Id") == "ada"
    assert b"root" not in rig.upstream.received
    assert b"admin" not in rig.upstream.received


@pytest.mark.requirement("I8")
@pytest.mark.parametrize("subject", ["a\r\nX-User-Id: root", "naïve", "a,b", " a ", "a\x00b", "☃"])
async def test_claim_that_a_header_cannot_hold_adds_no_header(subject: str) -> None:
    async with running_rig() as rig:
        await rig.call(token=rig.token(sub=subject))

    for request in rig.upstream.requests:
        assert request.value("X-User-Id") not in {"root", "a", "nave", ""}
        assert all(value.isascii() and value.isprintable() for _, value in request.headers)


@pytest.mark.requirement("I9")
async def test_claim_of_another_caller_is_not_left_over() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as connection:
        for changes in ({"email": "ada@example.com"}, {"sub": "grace"}):
            await connection.send(
                post(
                    rig.port,
                    CALL,
                    token=rig.signer.token(rig.resource, key=None, header=None, **changes),
                )
            )
            await connection.read_response()

    assert [request.value("X-User-Email") for request in rig.upstream.requests] == [
        "ada@example.com",
        None,
    ]


@pytest.mark.requirement("12")
async def test_second_request_of_a_connection_needs_its_own_token() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as connection:
        await connection.send(post(rig.port, CALL, token=rig.token()))
        first = await connection.read_response()
        await connection.send(post(rig.port, CALL))
        second = await connection.read_response()

    assert (first.status, second.status) == (200, 401)
    assert len(rig.upstream.requests) == 1


@pytest.mark.requirement("39", "S1", "S9")
async def test_each_event_passes_at_once_and_unchanged() -> None:
    events = [b"data: 1\r\ndata: 2\r\n\r\n", b"id: \xe2\x98\x83\ndata:\n\n", b": comment\n\n"]
    async with running_rig() as rig, raw_connection(rig.port) as connection:
        rig.upstream.replies.append(event_stream_head(b"X-Accel-Buffering: no\r\n"))
        await connection.send(post(rig.port, CALL, token=rig.token()))
        head = await connection.read_head()
        for event in events:
            await rig.upstream.send(chunk(event))
            assert await connection.read_chunk() == event

    assert head.value("X-Accel-Buffering") == "no"


@pytest.mark.requirement("174", "S5")
async def test_stream_that_is_cut_never_ends_cleanly() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as connection:
        rig.upstream.replies.append(event_stream_head())
        await connection.send(post(rig.port, CALL, token=rig.token()))
        await connection.read_head()
        await rig.upstream.send(chunk(b"data: hal"))
        await connection.read_chunk()
        rig.upstream.abort_connections()

        assert await connection.is_closed(within_s=1)


@pytest.mark.requirement("38", "S4")
async def test_upstream_is_free_soon_after_the_client_left() -> None:
    async with running_rig() as rig:
        rig.upstream.replies.append(None)
        async with raw_connection(rig.port) as connection:
            await connection.send(post(rig.port, CALL, token=rig.token()))
            await rig.upstream.wait_for_request()
        await asyncio.wait_for(rig.upstream.connection_lost.wait(), 1)

    assert len(rig.upstream.requests) == 1


@pytest.mark.requirement("43", "170")
async def test_post_is_never_sent_twice() -> None:
    async with running_rig() as rig:
        rig.upstream.replies.append(b"")
        rig.upstream.close_after_reply = True
        answer = await rig.call(body=CALL.replace(b'"id":1', b'"id":"a-7"'))

    assert answer.status == 502
    assert json.loads(answer.body)["id"] == "a-7"
    assert len(rig.upstream.requests) == 1
