from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gateway.client.failure import ClientFailure
from gateway.client.mcp.messages import Progress, RpcError
from gateway.client.mcp.session import Forbidden, McpSession, Unauthorized, ask_without_token
from gateway.client.web import Web
from tests.support.issuer_service import Asked, IssuerService, Scene
from tests.support.mcp_servers import Kind, running_mcp_server

HELLO = {"protocolVersion": "2025-06-18"}


def message_of(asked: Asked) -> Mapping[str, Any]:
    return asked.json if isinstance(asked.json, dict) else {}


def serving(results: Mapping[str, object]) -> dict[str, Any]:
    """A server that answers each method with a result; None is an unknown method."""

    def answer(asked: Asked) -> Scene:
        message = message_of(asked)
        if "id" not in message or "method" not in message:
            return Scene(b"", 202)
        result = results.get(message["method"])
        body = {"jsonrpc": "2.0", "id": message["id"]}
        if result is None:
            return Scene(body | {"error": {"code": -32601, "message": "unknown"}}, 404)
        return Scene(body | {"result": result}, headers={"Mcp-Session-Id": "the-session"})

    return {"/mcp": answer}


@asynccontextmanager
async def begun(
    scenes: dict[str, Any], token: str | None = None
) -> AsyncIterator[tuple[IssuerService, McpSession]]:
    """A session with a server that answers as the test says."""
    async with (
        IssuerService(scenes) as service,
        Web() as web,
        McpSession(web, f"{service.url}/mcp", token) as session,
    ):
        yield service, session


@pytest.fixture(scope="module", params=["stateful", "stateless", "json"])
def server_url(request: pytest.FixtureRequest) -> Iterator[str]:
    kind: Kind = request.param
    with running_mcp_server(kind) as url:
        yield url


async def test_servers_of_the_official_sdk_are_spoken_to(server_url: str) -> None:
    told: list[Progress] = []

    async with Web() as web, McpSession(web, server_url) as session:
        tools = {str(tool["name"]): tool for tool in await session.list_tools()}
        result = await session.call_tool(tools["count"], {"to": 2}, told.append)

    assert result["structuredContent"] == {"result": 2}
    assert [each.progress for each in told] in ([1.0, 2.0], [])  # one body has no place for them


async def test_session_is_named_and_ended() -> None:
    results = {"initialize": HELLO, "tools/list": {"tools": []}}
    async with begun(serving(results), "tok") as (service, session):
        await session.list_tools()

    newest, first, *others = service.asked
    assert message_of(newest)["method"] == "server/discover"
    assert not any("Mcp-Session-Id" in each.headers for each in (newest, first))
    assert [each.method for each in others] == ["POST", "POST", "DELETE"]
    for each in others:
        assert each.headers["Mcp-Session-Id"] == "the-session"
        assert each.headers["MCP-Protocol-Version"] == "2025-06-18"
        assert each.headers["Authorization"] == "Bearer tok"


async def test_server_without_handshake_is_spoken_to_in_the_new_revision() -> None:
    """MCP 2026-07-28, Streamable HTTP, request metadata."""
    tool = {"name": "grün", "inputSchema": {}}
    wrong = {"name": "x", "inputSchema": {"properties": {"a": {"x-mcp-header": "b c"}}}}
    results = {"tools/list": {"tools": [tool, wrong]}, "tools/call": {"content": []}}
    async with begun(serving(results)) as (service, session):
        (listed,) = await session.list_tools()
        await session.call_tool(listed, {}, lambda progress: None)

    call = service.asked[-1]
    assert call.headers["MCP-Protocol-Version"] == "2026-07-28"
    assert (call.headers["Mcp-Method"], call.headers["Mcp-Name"]) == (
        "tools/call",
        "=?base64?Z3LDvG4=?=",
    )
    assert "Mcp-Session-Id" not in call.headers
    meta = message_of(call)["params"]["_meta"]
    assert meta["io.modelcontextprotocol/protocolVersion"] == "2026-07-28"


@pytest.mark.parametrize(
    "answer",
    [
        Scene({"id": 1, "result": {"supportedVersions": ["2026-07-28"]}}),
        Scene({"id": 1, "error": {"code": -32022, "data": {"supported": ["2026-07-28"]}}}, 400),
    ],
)
async def test_server_of_the_new_revision_is_asked_for_no_handshake(answer: Scene) -> None:
    async with begun({"/mcp": answer}) as (service, _):
        pass

    assert [message_of(asked)["method"] for asked in service.asked] == ["server/discover"]


async def test_pages_are_put_together_and_have_an_end() -> None:
    def pages(asked: Asked) -> Scene:
        message = message_of(asked)
        cursor = message.get("params", {}).get("cursor")
        page = {"tools": [{"name": cursor or "first"}, "nonsense"]}
        more = {"nextCursor": "second"} if cursor is None or endless else {}
        result = HELLO if message.get("method") == "initialize" else page | more
        return Scene({"jsonrpc": "2.0", "id": message.get("id"), "result": result})

    endless = False
    async with begun({"/mcp": pages}) as (_, session):
        names = [tool["name"] for tool in await session.list_tools()]
        endless = True
        with pytest.raises(ClientFailure, match="does not end"):
            await session.list_tools()

    assert names == ["first", "second"]


async def test_requests_of_the_server_are_answered_in_the_stream() -> None:
    events = b"".join(
        b"data: %b\n\n" % each
        for each in (
            b'{"jsonrpc":"2.0","id":"p","method":"ping"}',
            b'{"jsonrpc":"2.0","id":"s","method":"sampling/createMessage","params":{}}',
            b'{"jsonrpc":"2.0","method":"notifications/message","params":{}}',
            b'{"jsonrpc":"2.0","id":3,"result":{"tools":[]}}',
        )
    )

    def answer(asked: Asked) -> Scene:
        message = message_of(asked)
        if message.get("method") == "tools/list":
            return Scene(events, headers={"Content-Type": "text/event-stream"})
        return Scene({"jsonrpc": "2.0", "id": message.get("id"), "result": HELLO})

    async with begun({"/mcp": answer}) as (service, session):
        assert await session.list_tools() == []

    ping, sampling = (message_of(each) for each in service.asked[-2:])
    assert (ping["id"], ping["result"]) == ("p", {})
    assert (sampling["id"], sampling["error"]["code"]) == ("s", -32601)


@pytest.mark.parametrize(
    ("scene", "error", "text"),
    [
        (Scene(b"", 401), Unauthorized, "wants a token: run `mcpgw login http"),
        (
            Scene(b"", 403, {"WWW-Authenticate": 'Bearer error="insufficient_scope", scope="a b"'}),
            Forbidden,
            "--scope a --scope b",
        ),
        (Scene(b"", 403, {"WWW-Authenticate": "Bearer"}), Forbidden, "ask its operator"),
        (Scene(b"", 308, {"Location": "https://new.example/"}), ClientFailure, "https://new.exam"),
        (Scene(b"<html>", 404), ClientFailure, "status 404"),
        (Scene(b"<html>", 200), ClientFailure, "without a result"),
        (Scene({"id": 1, "error": {"code": -32000, "message": "no"}}, 400), RpcError, "no"),
    ],
)
async def test_what_is_no_result_says_what_to_do(
    scene: Scene, error: type[ClientFailure], text: str
) -> None:
    async with IssuerService({"/mcp": scene}) as service, Web() as web:
        with pytest.raises(error, match=text):
            async with McpSession(web, f"{service.url}/mcp"):
                pass


@pytest.mark.parametrize(
    ("results", "text"),
    [
        ({"tools/list": {}}, "no list of tools"),
        (
            {"tools/list": {"tools": [{"name": "x"}]}, "tools/call": {"resultType": "input"}},
            "a person",
        ),
    ],
)
async def test_answer_that_makes_no_sense_is_told(results: dict[str, object], text: str) -> None:
    async with begun(serving({"initialize": HELLO, **results})) as (_, session):
        with pytest.raises(ClientFailure, match=text):
            await _call_the_only(session)


async def _call_the_only(session: McpSession) -> None:
    (tool,) = await session.list_tools()
    await session.call_tool(tool, {}, lambda progress: None)


async def test_first_answer_tells_who_wants_a_token() -> None:
    refusals = {
        "/a": Scene(b"", 401, {"WWW-Authenticate": "Bearer scope=x"}),
        "/b": Scene(b"", 403, {"WWW-Authenticate": "Bearer"}),
        "/c": Scene(b"", 500),
        "/d": serving({"initialize": HELLO})["/mcp"],
    }
    async with IssuerService(dict(refusals)) as service, Web() as web:
        a, b, c, d = [await ask_without_token(web, f"{service.url}/{name}") for name in "abcd"]

    assert a.refused
    assert a.challenge is not None
    assert a.challenge.scopes == ("x",)
    assert (b.refused, c.refused, d.refused) == (True, False, False)
    assert (c.failure is None, d.failure) == (False, None)
    assert service.asked[-1].method == "DELETE"
