"""`Mcp-Param-*` headers compared with the body, by the schema that the server publishes."""

import asyncio
import json

import pytest

from tests.integration.test_rules import error_of, message
from tests.support.raw_http import RawResponse
from tests.support.recording_upstream import json_reply
from tests.support.rig import Rig, running_rig

META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}


def tools(header: str = "Region", number: int = 1) -> bytes:
    region = {"type": "string", "x-mcp-header": header}
    schema = {"type": "object", "properties": {"region": region}}
    listed = [{"name": "query", "inputSchema": schema}, {"name": "other", "inputSchema": {}}]
    return json.dumps({"jsonrpc": "2.0", "id": number, "result": {"tools": listed}}).encode()


async def call(
    rig: Rig, region: str | None, *headers: str, name: str = "query", modern: bool = True
) -> RawResponse:
    params: dict[str, object] = {"name": name}
    if region is not None:
        params["arguments"] = {"region": region}
    lines = [*headers]
    if modern:
        params["_meta"] = META
        lines += ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call", f"Mcp-Name: {name}"]
    text = "".join(f"{line}\r\n" for line in lines)
    return await rig.call(body=message("tools/call", params), headers=text.encode())


def calls(rig: Rig) -> int:
    return sum(b"tools/call" in request.body for request in rig.upstream.requests)


@pytest.mark.requirement("33", "34", "35")
async def test_a_header_that_says_something_else_is_refused() -> None:
    async with running_rig() as rig:
        rig.upstream.default_reply = json_reply(tools())
        assert (await call(rig, "us-west1", "Mcp-Param-Region: us-west1")).status == 200
        assert rig.upstream.last.value("Mcp-Param-Region") == "us-west1"
        encoded = "mcp-param-region: =?base64?dXMtd2VzdDE=?="
        assert (await call(rig, "us-west1", encoded)).status == 200

        refused = [
            await call(rig, "us-west1", "Mcp-Param-Region: us-east1"),
            await call(rig, "us-west1", "Mcp-Param-Region: =?base64?%%%?="),
            await call(rig, "us-west1"),
            await call(rig, None, "Mcp-Param-Region: us-west1"),
        ]

        assert [each.status for each in refused] == [400] * 4
        assert {error_of(each)["code"] for each in refused} == {-32020}
        assert calls(rig) == 2


@pytest.mark.requirement("34")
async def test_what_the_gateway_does_not_recognise_passes() -> None:
    async with running_rig() as rig:
        rig.upstream.default_reply = json_reply(tools())
        answers = [
            await call(rig, "a", "Mcp-Param-Region: b", name="other"),
            await call(rig, "a", "Mcp-Param-Region: b", name="unknown"),
            await call(rig, "a", "Mcp-Param-Region: a", "Mcp-Param-X: anything"),
            await call(rig, "a", "Mcp-Param-Region: b", modern=False),
        ]

        assert [each.status for each in answers] == [200] * 4
        assert calls(rig) == 4


async def test_without_such_headers_nobody_asks_the_server() -> None:
    async with running_rig() as rig:
        assert (await call(rig, "us-west1")).status == 200
        assert len(rig.upstream.requests) == 1


async def test_a_server_that_does_not_list_its_tools_gets_the_call() -> None:
    async with running_rig() as rig:
        rig.upstream.default_reply = json_reply(b'{"jsonrpc":"2.0","id":9,"result":{}}')
        assert (await call(rig, "a", "Mcp-Param-Region: b")).status == 200
        assert calls(rig) == 1


async def test_a_schema_that_changed_is_asked_for_before_anybody_is_refused() -> None:
    async with running_rig() as rig:
        rig.upstream.default_reply = json_reply(tools("Zone"))
        assert (await call(rig, "a", "Mcp-Param-Zone: a")).status == 200
        rig.upstream.default_reply = json_reply(tools("Region", 2))  # the second question
        # The list is two seconds old at most: what is refused now passes a moment later.
        assert (await call(rig, "a", "Mcp-Param-Region: a")).status == 400
        await asyncio.sleep(2.1)  # until that old
        assert (await call(rig, "a", "Mcp-Param-Region: a")).status == 200


async def test_a_denied_tool_is_denied_before_its_headers_are_looked_at() -> None:
    rules = "auth: {scopes: [mcp:read]}, rules: [{tools: [other], allow: any}]"
    async with running_rig(server=rules) as rig:
        rig.upstream.default_reply = json_reply(tools())
        answers = [
            await call(rig, "a", "Mcp-Param-Region: b", name=name) for name in ("query", "none")
        ]

        assert [each.status for each in answers] == [403, 403]
        assert calls(rig) == 0
