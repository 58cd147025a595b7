"""Giving the upstream's answer to the client."""

import pytest

from tests.support.raw_http import post, raw_connection
from tests.support.recording_upstream import chunk, event_stream_head, json_reply
from tests.support.rig import CALL, running_rig


async def test_a_whole_answer_keeps_its_status_and_its_headers() -> None:
    async with running_rig() as rig:
        rig.upstream.replies.append(
            json_reply(b'{"x":1}', status="404 Nope", headers=b"X-Own: s1\r\n")
        )

        response = await rig.call()

        assert (response.status, response.body) == (404, b'{"x":1}')
        assert response.value("X-Own") == "s1"
        assert response.value("X-Request-Id")


@pytest.mark.requirement("177")
@pytest.mark.parametrize(
    ("sent", "given"), [(b"", "no-store"), (b"Cache-Control: private\r\n", "private")]
)
async def test_an_answer_is_not_stored_unless_the_server_says_so(sent: bytes, given: str) -> None:
    async with running_rig() as rig:
        rig.upstream.replies.append(json_reply(b"{}", headers=sent))

        assert (await rig.call()).values("Cache-Control") == [given]


async def test_a_request_id_reaches_the_upstream_and_comes_back() -> None:
    async with running_rig() as rig:
        response = await rig.call(headers=b"X-Request-Id: trace-me-123\r\n")

        assert response.value("X-Request-Id") == "trace-me-123"
        assert rig.upstream.last.value("X-Request-Id") == "trace-me-123"


@pytest.mark.requirement("39")
async def test_an_event_stream_asks_proxies_once_not_to_buffer() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        head = event_stream_head(b"X-Accel-Buffering: no\r\n")
        rig.upstream.replies.append(head + chunk(b"data: 1\n\n") + chunk(b""))
        await client.send(post(rig.port, CALL, token=rig.token()))

        assert (await client.read_head()).values("X-Accel-Buffering") == ["no"]


@pytest.mark.requirement("174", "S5")
async def test_an_answer_that_is_cut_short_aborts_the_client() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        rig.upstream.close_after_reply = True
        rig.upstream.replies.append(event_stream_head() + chunk(b"data: 1\n"))
        await client.send(post(rig.port, CALL, token=rig.token()))
        await client.read_head()
        assert await client.read_chunk() == b"data: 1\n"

        assert await client.is_closed()


async def test_the_endpoint_of_a_legacy_stream_leads_back_to_the_gateway() -> None:
    """MCP 2024-11-05, HTTP with SSE."""
    async with running_rig() as rig:
        event = b"event: endpoint\r\ndata: /messages/?session_id=abc\r\n\r\n"
        rig.upstream.replies.append(event_stream_head() + chunk(event))
        async with raw_connection(rig.port) as client:
            headers = f"Authorization: Bearer {rig.token()}\r\n".encode()
            await client.send(rig.request("GET", "/mcp", headers=headers))
            await client.read_head()
            endpoint = (await client.read_chunk()).split(b"data: ")[1].strip()
            assert b"session_id" not in endpoint

            back = post(rig.port, CALL, token=rig.token()).replace(b"/mcp ", endpoint + b" ", 1)
            await rig.send(back)

        assert rig.upstream.last.target == "/messages/?session_id=abc"


@pytest.mark.requirement("S7")
async def test_the_endpoint_of_somebody_else_is_unknown() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        event = b"event: endpoint\ndata: /messages/?session_id=abc\n\n"
        rig.upstream.replies.append(event_stream_head() + chunk(event))
        headers = f"Authorization: Bearer {rig.token()}\r\n".encode()
        await client.send(rig.request("GET", "/mcp", headers=headers))
        await client.read_head()
        endpoint = (await client.read_chunk()).split(b"data: ")[1].strip()

        stolen = post(rig.port, CALL, token=rig.token(sub="eve"))
        response = await rig.send(stolen.replace(b"/mcp ", endpoint + b" ", 1))

        assert response.status == 404
        assert len(rig.upstream.requests) == 1


RULES = "allow: any, rules: [{tools: [whoami], allow: any}]"
LISTED = b'data: {"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"whoami"},{"name":"hidden"}]}}'
LIST = b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}'


@pytest.mark.requirement("B6")
@pytest.mark.parametrize("ends", [b"\r\r", b"\n\r", b"\r\n\r"])
async def test_a_filtered_event_whose_lines_end_with_cr_leaves_at_once(ends: bytes) -> None:
    async with running_rig(server=RULES) as rig, raw_connection(rig.port) as client:
        rig.upstream.replies.append(event_stream_head() + chunk(LISTED + ends))
        await client.send(post(rig.port, LIST, token=rig.token()))
        await client.read_head()

        event = await client.read_chunk()

        assert b"whoami" in event
        assert b"hidden" not in event


@pytest.mark.requirement("B6")
@pytest.mark.parametrize("ends", [b"", b"\r", b"\n"])
async def test_what_is_held_at_the_end_of_a_stream_is_filtered_and_given(ends: bytes) -> None:
    async with running_rig(server=RULES) as rig, raw_connection(rig.port) as client:
        rig.upstream.replies.append(event_stream_head())
        await client.send(post(rig.port, LIST, token=rig.token()))
        await client.read_head()
        await rig.upstream.send(chunk(LISTED + ends) + chunk(b""))

        event = await client.read_chunk()

        assert b"whoami" in event
        assert b"hidden" not in event
        assert await client.read_chunk() == b""


@pytest.mark.requirement("B6")
async def test_a_cut_event_at_the_end_of_a_stream_is_told() -> None:
    async with running_rig(server=RULES) as rig, raw_connection(rig.port) as client:
        rig.upstream.replies.append(event_stream_head())
        await client.send(post(rig.port, LIST, token=rig.token()))
        await client.read_head()
        await rig.upstream.send(chunk(LISTED[:-9]) + chunk(b""))

        event = await client.read_chunk()

        assert b'"id":1,"error":' in event
        assert b"hidden" not in event
