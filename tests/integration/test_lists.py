"""Lists that callers see: filtered by the same rules as calls, on whatever way they come."""

import asyncio
import gzip
import json
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest

from gateway.proxy.answers.answer_rewriter import MAX_ANSWER_BYTES
from tests.integration.test_rules import anonymous, message, server
from tests.support.raw_http import RawResponse, post, raw_connection
from tests.support.recording_upstream import chunk, event_stream_head, json_reply
from tests.support.rig import Rig, running_rig

MIB = 1024 * 1024
TOOLS = [
    {"name": "get_a", "inputSchema": {"type": "object"}, "x": 1.50},
    {"name": "wipe", "inputSchema": {}},
    {"name": "write_b", "inputSchema": {}},
    {"name": "get_c", "inputSchema": {}},
]
RULES = server(
    'tools: ["get_*"], allow: any',
    "tools: [write_b], allow: {scopes: [mcp:write]}",
    "prompts: [open], allow: any",
    'resources: ["file:///pub/*"], allow: any',
)


def listed(member: str = "tools", entries: object = None, **more: object) -> bytes:
    result = {member: TOOLS if entries is None else entries} | more
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode()


async def names(rig: Rig, method: str, member: str, reply: bytes) -> list[str]:
    """Ask for a list and return what the caller is shown of it."""
    rig.upstream.replies.append(json_reply(reply))
    response = await rig.call(body=message(method))
    assert response.status == 200, response
    shown = json.loads(response.body)["result"][member]
    return [each.get("name") or each.get("uri") or each["uriTemplate"] for each in shown]


def shown_tools(response: RawResponse) -> list[str]:
    body = json.loads(response.body.removeprefix(b"data: "))
    return [each["name"] for each in body["result"]["tools"]]


@pytest.mark.requirement("M12", "184")
@pytest.mark.parametrize(
    ("show", "expected"),
    [
        ("allowed", ["get_a", "get_c"]),
        ("reachable", ["get_a", "write_b", "get_c"]),
        ("all", ["get_a", "wipe", "write_b", "get_c"]),
    ],
)
async def test_a_list_shows_what_may_be_called(show: str, expected: list[str]) -> None:
    async with running_rig(server=f"{RULES}, lists: {{show: {show}}}") as rig:
        assert await names(rig, "tools/list", "tools", listed()) == expected


@pytest.mark.requirement("40")
async def test_what_stays_in_a_list_keeps_its_bytes_and_its_order() -> None:
    async with running_rig(server=RULES) as rig:
        rig.upstream.replies.append(
            json_reply(listed(nextCursor="p2", ttlMs=3_600_000, cacheScope="public", x=[1]))
        )
        response = await rig.call(body=message("tools/list"))

        result = json.loads(response.body)["result"]
        assert list(result) == ["tools", "nextCursor", "ttlMs", "cacheScope", "x"]
        assert (result["nextCursor"], result["x"]) == ("p2", [1])
        assert b'"x": 1.5' in response.body
        assert int(response.value("Content-Length") or 0) == len(response.body)


@pytest.mark.requirement("183", "184")
@pytest.mark.parametrize(("sent", "given"), [(3_600_000, 60_000), (5, 5), ("odd", 60_000)])
async def test_a_filtered_list_is_private_and_short_lived(sent: object, given: int) -> None:
    async with running_rig(server=RULES) as rig:
        rig.upstream.replies.append(json_reply(listed(ttlMs=sent, cacheScope="public")))
        response = await rig.call(body=message("tools/list"))

        result = json.loads(response.body)["result"]
        assert (result["cacheScope"], result["ttlMs"]) == ("private", given)


@pytest.mark.requirement("M12")
async def test_prompts_and_resources_are_filtered_too() -> None:
    async with running_rig(server=RULES) as rig:
        prompts = listed("prompts", [{"name": "open"}, {"name": "shut"}])
        files = [{"uri": f"file:///{place}/a", "name": place} for place in ("pub", "etc")]
        templates = [{"uriTemplate": f"file:///{place}/{{x}}"} for place in ("pub", "etc")]

        assert await names(rig, "prompts/list", "prompts", prompts) == ["open"]
        shown = await names(rig, "resources/list", "resources", listed("resources", files))
        assert shown == ["pub"]
        reply = listed("resourceTemplates", templates)
        shown = await names(rig, "resources/templates/list", "resourceTemplates", reply)
        assert shown == ["file:///pub/{x}"]


@pytest.mark.parametrize("split", [1, 7, 1000])
@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_a_list_in_an_event_stream_is_filtered(method: str, split: int) -> None:
    """A GET is where servers of the oldest revision answer every request."""
    note = b'{"jsonrpc":"2.0","method":"notifications/message","params":{"tools":[]}}'
    events = b": hi\n\nid: 1\ndata: %b\n\nevent: message\r\ndata: %b\r\n\r\n" % (note, listed())
    async with running_rig(server=RULES) as rig, raw_connection(rig.port) as client:
        pieces = [events[at : at + split] for at in range(0, len(events), split)]
        body = b"".join(chunk(piece) for piece in pieces)
        rig.upstream.replies.append(event_stream_head() + body + chunk(b""))
        token = rig.token()
        if method == "POST":
            await client.send(post(rig.port, message("tools/list"), token=token))
        else:
            lines = f"Accept: text/event-stream\r\nAuthorization: Bearer {token}\r\n".encode()
            await client.send(rig.request("GET", "/mcp", headers=lines))
        seen = (await client.read_response()).body

        assert seen.startswith(b": hi\n\nid: 1\ndata: %b\n\n" % note)
        assert b"event: message" in seen
        assert (b"get_a" in seen, b"wipe" in seen) == (True, False)


async def test_the_answer_to_a_call_is_not_touched() -> None:
    async with running_rig(server=RULES) as rig:
        body = (
            b'{"jsonrpc": "2.0", "id": 1, "result": {"tools": [{"name": "wipe"}], "content": []}}'
        )
        rig.upstream.replies.append(json_reply(body))
        call = message("tools/call", {"name": "get_a"})

        assert (await rig.call(body=call)).body == body


@pytest.mark.parametrize("reply", [b"{]", b'{"id":1,"result":{"tools":{}}}', b"\xff"])
async def test_a_list_that_cannot_be_read_is_not_shown(reply: bytes) -> None:
    async with running_rig(server=RULES) as rig:
        rig.upstream.replies.append(json_reply(reply))
        response = await rig.call(body=message("tools/list"))

        assert response.status == 502
        assert reply not in response.body


@pytest.mark.requirement("B5")
@pytest.mark.parametrize("coding", [b"identity", b"Identity", b"none", b"None"])
async def test_a_coding_that_changes_nothing_is_none(coding: bytes) -> None:
    async with running_rig(server=RULES) as rig:
        named = b"Content-Encoding: " + coding + b"\r\n"
        rig.upstream.replies.append(json_reply(listed(), headers=named))

        response = await rig.call(body=message("tools/list"))

        assert (response.status, response.value("Content-Encoding")) == (200, None)
        assert shown_tools(response) == ["get_a", "write_b", "get_c"]


@pytest.mark.requirement("B5")
@pytest.mark.parametrize(
    ("coding", "code"), [(b"GZip", gzip.compress), (b"deflate", zlib.compress)]
)
async def test_a_compressed_list_is_filtered(coding: bytes, code: Callable[[bytes], bytes]) -> None:
    named = b"ETag: x\r\nContent-Encoding: " + coding + b"\r\n"
    async with running_rig(server=RULES) as rig:
        rig.upstream.replies.append(json_reply(code(listed()), headers=named))
        events = code(b"data: " + listed() + b"\n\n")
        streamed = event_stream_head(named) + chunk(events[:20]) + chunk(events[20:]) + chunk(b"")
        rig.upstream.replies.append(streamed)

        whole = await rig.call(body=message("tools/list"))
        stream = await rig.call(body=message("tools/list"))

        for response in (whole, stream):
            assert shown_tools(response) == ["get_a", "write_b", "get_c"]
            assert response.value("Content-Encoding") is response.value("ETag") is None


@pytest.mark.requirement("B5")
@pytest.mark.parametrize("head", [json_reply, event_stream_head])
async def test_a_list_in_another_coding_is_not_shown_and_the_coding_named(
    capfd: pytest.CaptureFixture[str], head: Callable[..., bytes]
) -> None:
    named = b"Content-Encoding: br\r\n"
    async with running_rig(server=RULES) as rig:
        reply = json_reply(b"x", headers=named) if head is json_reply else event_stream_head(named)
        rig.upstream.replies.append(reply)

        assert (await rig.call(body=message("tools/list"))).status == 502

    line = json.loads(capfd.readouterr().out.splitlines()[0])
    assert (line["reason"], line["upstream_seen"]) == ("content_coding", "content coding br")


@pytest.mark.requirement("B5", "S1")
async def test_the_endpoint_of_a_compressed_legacy_stream_is_replaced() -> None:
    async with running_rig() as rig:
        event = gzip.compress(b"event: endpoint\ndata: /messages\n\n")
        head = event_stream_head(b"Content-Encoding: gzip\r\n")
        rig.upstream.replies.append(head + chunk(event) + chunk(b""))
        token = f"Authorization: Bearer {rig.token()}\r\n".encode()

        response = await rig.send(rig.request("GET", "/mcp", headers=token))

        assert response.body.startswith(b"event: endpoint\ndata: /mcp?mcpgw_endpoint=")


async def test_a_list_of_unknown_length_is_filtered_as_a_whole() -> None:
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    async with running_rig(server=RULES) as rig, raw_connection(rig.port) as client:
        rig.upstream.replies.append(head)
        await client.send(post(rig.port, message("tools/list"), token=rig.token()))
        await rig.upstream.wait_for_request()
        body = listed()
        await rig.upstream.send(chunk(body[:50]))
        await rig.upstream.send(chunk(body[50:]) + chunk(b""))
        response = await client.read_response()

        assert (b"get_a" in response.body, b"wipe" in response.body) == (True, False)


async def test_without_a_token_only_what_is_public_is_listed() -> None:
    rules = server("tools: [get_a], allow: anonymous", 'tools: ["*"], allow: any')
    async with running_rig(server=rules) as rig:
        rig.upstream.default_reply = json_reply(listed())
        response = await anonymous(rig, message("tools/list"))

        shown = [each["name"] for each in json.loads(response.body)["result"]["tools"]]
        assert shown == ["get_a"]
        assert len(await names(rig, "tools/list", "tools", listed())) == 4


async def test_annotations_in_the_list_itself_decide() -> None:
    rules = server('tools: ["*"], annotations: {readOnlyHint: true}, allow: any')
    tools = [{"name": "a", "annotations": {"readOnlyHint": True}}, {"name": "b"}, {"title": "c"}]
    async with running_rig(server=rules) as rig:
        assert await names(rig, "tools/list", "tools", listed(entries=tools)) == ["a"]


async def test_a_rule_about_arguments_keeps_a_tool_in_the_list() -> None:
    rules = server('tools: [wipe], arguments: {path: {glob: "/data/*"}}, allow: any')
    async with running_rig(server=rules) as rig:
        assert await names(rig, "tools/list", "tools", listed()) == ["wipe"]


async def test_blanks_before_an_event_hide_nothing_from_the_filter() -> None:
    events = b"data: \t %b\n\ndata:\ndata: %b\n\n" % (listed(), listed())
    async with running_rig(server=RULES) as rig:
        rig.upstream.replies.append(event_stream_head() + chunk(events) + chunk(b""))
        response = await rig.call(body=message("tools/list"))

    assert response.body.count(b"get_a") == 2
    assert b"wipe" not in response.body


@pytest.mark.requirement("S2")
@pytest.mark.parametrize("piece", [b"a" * MIB, b"data: aaaaaaa\n" * (MIB // 14)])
async def test_an_event_without_end_is_cut_before_it_fills_the_memory(piece: bytes) -> None:
    async with running_rig(server=RULES) as rig, raw_connection(rig.port) as client:
        rig.upstream.replies.append(event_stream_head() + chunk(b"data: "))
        await client.send(post(rig.port, message("tools/list"), token=rig.token()))
        await rig.upstream.wait_for_request()
        with suppress(ConnectionError):  # cut meanwhile
            for _ in range(MAX_ANSWER_BYTES // MIB + 2):
                await rig.upstream.send(chunk(piece))

        async with asyncio.timeout(5):
            await rig.upstream.connection_lost.wait()
        assert b"aaaa" not in (await client.reader.read())
