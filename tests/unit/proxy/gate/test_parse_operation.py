"""From a request body to the operation that it asks for."""

import asyncio
import json
from pathlib import Path

import pytest

from gateway.errors import GatewayError, HeaderMismatch, InvalidMessage, UnsupportedMediaType
from gateway.proxy.gate.parse_operation import check_media, parse_operation
from gateway.proxy.gate.record import RequestRecord
from tests.support.heads import head
from tests.support.raw_http import post, raw_connection
from tests.support.rig import CALL as WHOAMI
from tests.support.rig import running_rig

REFUSED = "allow: {subjects: [grace]}"
JSON = ("Content-Type", "application/json")
CALL = b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"add"}}'


@pytest.fixture
def record() -> RequestRecord:
    return RequestRecord("POST")


def test_a_call_names_its_tool_and_its_id(record: RequestRecord) -> None:
    operation = parse_operation(head(headers=[JSON]), CALL, record)

    assert (operation.method, operation.name, record.message_id) == ("tools/call", "add", 7)


def test_a_stream_asks_for_nothing_by_itself(record: RequestRecord) -> None:
    assert parse_operation(head("GET"), b"", record).method is None


@pytest.mark.requirement("43")
def test_a_refused_message_keeps_its_id_for_the_answer(record: RequestRecord) -> None:
    modern = [JSON, ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/list")]

    with pytest.raises(HeaderMismatch):
        parse_operation(head(headers=modern), CALL, record)

    assert record.message_id == 7


@pytest.mark.requirement("B13")
@pytest.mark.parametrize(
    "headers", [[JSON, *[("MCP-Protocol-Version", "2026-07-28")] * 2], [("Content-Type", "a/b")]]
)
def test_what_its_headers_refuse_keeps_its_id_too(
    record: RequestRecord, headers: list[tuple[str, str]]
) -> None:
    with pytest.raises(GatewayError):
        parse_operation(head(headers=headers), CALL, record)

    assert record.message_id == 7


@pytest.mark.requirement("B13")
def test_a_revision_that_nobody_knows_is_compared_as_the_newest(record: RequestRecord) -> None:
    unknown = [JSON, ("MCP-Protocol-Version", "v999.0.0")]
    mirrored = [*unknown, ("Mcp-Method", "tools/call"), ("Mcp-Name", "add")]

    assert parse_operation(head(headers=mirrored), CALL, record).revision == "v999.0.0"
    with pytest.raises(HeaderMismatch):
        parse_operation(head(headers=unknown), CALL, record)


@pytest.mark.requirement("30", "M4")
def test_a_batch_is_refused_where_the_revision_has_none(record: RequestRecord) -> None:
    with pytest.raises(InvalidMessage):
        parse_operation(
            head(headers=[JSON, ("MCP-Protocol-Version", "2025-11-25")]), b"[%b]" % CALL, record
        )


@pytest.mark.parametrize("media", ["application/json", "Application/JSON; charset=UTF-8"])
def test_json_is_read(media: str) -> None:
    check_media(head(headers=[("Content-Type", media)]))


@pytest.mark.requirement("M7", "M8")
@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Content-Type", "text/plain")],
        [("Content-Type", "application/json; charset=utf-16")],
        [("Content-Type", "application/jsonl")],
        [JSON, JSON],
        [JSON, ("Content-Encoding", "gzip")],
    ],
)
def test_anything_else_is_refused(headers: list[tuple[str, str]]) -> None:
    with pytest.raises(UnsupportedMediaType):
        check_media(head(headers=headers))


@pytest.mark.requirement("U11")
async def test_a_body_that_does_not_come_holds_the_refusal_up_for_a_moment_only(
    tmp_path: Path,
) -> None:
    audit = tmp_path / "audit.jsonl"
    more = f"log: {{audit_file: {audit}}}\n"
    async with running_rig(more, server=REFUSED) as rig, raw_connection(rig.port) as client:
        request = post(rig.port, WHOAMI, token=rig.token())
        await client.send(request[:-10])
        async with asyncio.timeout(4):
            assert (await client.read_head()).status == 403
        rig.upstream.assert_untouched()

    line = json.loads(audit.read_text(encoding="utf-8"))
    assert (line["subject"], line["name"]) == ("ada", None)


@pytest.mark.requirement("U11")
async def test_who_waits_to_be_asked_for_the_body_is_not_asked() -> None:
    async with running_rig(server=REFUSED) as rig, raw_connection(rig.port) as client:
        headers = b"Expect: 100-continue\r\n"
        request = post(rig.port, WHOAMI, token=rig.token(), headers=headers)
        await client.send(request[: -len(WHOAMI)])

        assert (await client.read_head()).status == 403
        rig.upstream.assert_untouched()


async def test_head_learns_whether_a_token_is_needed() -> None:
    """Gemini CLI asks so before it logs in, and reads the challenge of a 401."""
    async with running_rig() as rig, raw_connection(rig.port) as client:
        await client.send(rig.request("HEAD", "/mcp"))

        response = await client.read_response(to_head=True)

        assert response.status == 401
        assert "resource_metadata=" in (response.value("WWW-Authenticate") or "")
        rig.upstream.assert_untouched()


@pytest.mark.requirement("H12")
@pytest.mark.parametrize("server", ["", "allow: anonymous"])
async def test_head_reaches_no_server_with_a_token_or_where_none_is_needed(server: str) -> None:
    async with running_rig(server=server) as rig, raw_connection(rig.port) as client:
        header = f"Authorization: Bearer {rig.token()}\r\n".encode()
        await client.send(rig.request("HEAD", "/mcp", headers=b"" if server else header))

        response = await client.read_response(to_head=True)

        assert response.status == 405
        assert response.value("Allow") == "GET, POST, DELETE, OPTIONS"
        rig.upstream.assert_untouched()
