"""From a request body to the operation that it asks for."""

import pytest

from gateway.errors import GatewayError, HeaderMismatch, InvalidMessage, UnsupportedMediaType
from gateway.proxy.gate.parse_operation import check_media, read_operation
from gateway.proxy.gate.visit import Visit
from tests.support.heads import head

JSON = ("Content-Type", "application/json")
CALL = b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"add"}}'


@pytest.fixture
def visit() -> Visit:
    return Visit("POST")


def test_a_call_names_its_tool_and_its_id(visit: Visit) -> None:
    operation = read_operation(head(headers=[JSON]), CALL, visit)

    assert (operation.method, operation.name, visit.message_id) == ("tools/call", "add", 7)


def test_a_stream_asks_for_nothing_by_itself(visit: Visit) -> None:
    assert read_operation(head("GET"), b"", visit).method is None


@pytest.mark.requirement("43")
def test_a_refused_message_keeps_its_id_for_the_answer(visit: Visit) -> None:
    modern = [JSON, ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/list")]

    with pytest.raises(HeaderMismatch):
        read_operation(head(headers=modern), CALL, visit)

    assert visit.message_id == 7


@pytest.mark.requirement("B13")
@pytest.mark.parametrize(
    "headers", [[JSON, *[("MCP-Protocol-Version", "2026-07-28")] * 2], [("Content-Type", "a/b")]]
)
def test_what_its_headers_refuse_keeps_its_id_too(
    visit: Visit, headers: list[tuple[str, str]]
) -> None:
    with pytest.raises(GatewayError):
        read_operation(head(headers=headers), CALL, visit)

    assert visit.message_id == 7


@pytest.mark.requirement("B13")
def test_a_revision_that_nobody_knows_is_compared_as_the_newest(visit: Visit) -> None:
    unknown = [JSON, ("MCP-Protocol-Version", "v999.0.0")]
    mirrored = [*unknown, ("Mcp-Method", "tools/call"), ("Mcp-Name", "add")]

    assert read_operation(head(headers=mirrored), CALL, visit).revision == "v999.0.0"
    with pytest.raises(HeaderMismatch):
        read_operation(head(headers=unknown), CALL, visit)


@pytest.mark.requirement("30", "M4")
def test_a_batch_is_refused_where_the_revision_has_none(visit: Visit) -> None:
    with pytest.raises(InvalidMessage):
        read_operation(
            head(headers=[JSON, ("MCP-Protocol-Version", "2025-11-25")]), b"[%b]" % CALL, visit
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
