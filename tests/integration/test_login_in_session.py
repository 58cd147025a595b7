"""Logging in within a session that was begun without a token, as clients of older revisions do."""

import asyncio
import json

import pytest

from tests.support.gateway import running_gateway, short_config
from tests.support.identity_provider import OidcProvider
from tests.support.mcp_servers import running_mcp_server
from tests.support.oauth_client import Mode, Person, connected_client
from tests.support.raw_http import RawResponse, post
from tests.support.recording_upstream import RecordedRequest, chunk, event_stream_head, json_reply
from tests.support.rig import CALL, Rig, running_rig
from tests.support.typescript_client import typescript_client

MODES = ["auto", "legacy", "2026-07-28"]
PUBLIC = "allow: anonymous"
GREETING = (
    b'{"jsonrpc":"2.0","id":"a","method":"initialize",'
    b'"params":{"protocolVersion":"2025-06-18","capabilities":{"roots":{}},'
    b'"clientInfo":{"name":"mine","version":"7"}}}'
)
VERSION = b"MCP-Protocol-Version: 2025-06-18\r\n"
ACCEPTED = json_reply(b"", status="202 Accepted")


def given(upstream_id: str) -> bytes:
    lines = f"Mcp-Session-Id: {upstream_id}\r\n".encode()
    return json_reply(b'{"jsonrpc":"2.0","id":"a","result":{}}', headers=lines)


async def stranger(rig: Rig, body: bytes = GREETING, session: str = "") -> RawResponse:
    lines = VERSION + (_in(session) if session else b"")
    return await rig.send(post(rig.port, body, headers=lines))


async def begin(rig: Rig, upstream_id: str = "up-1") -> str:
    """Shake hands without a token."""
    rig.upstream.replies.append(given(upstream_id))
    return str((await stranger(rig)).value("Mcp-Session-Id"))


async def known(rig: Rig, session: str, body: bytes = CALL, sub: str = "ada") -> RawResponse:
    return await rig.call(token=rig.token(sub=sub), body=body, headers=VERSION + _in(session))


def told(request: RecordedRequest) -> tuple[object, list[str], str | None]:
    """What the server was asked, in which session, and by whom."""
    method = json.loads(request.body)["method"] if request.body else request.method
    return method, request.values("Mcp-Session-Id"), request.value("X-User-Id")


@pytest.mark.requirement("21", "22", "S7")
async def test_whoever_logs_in_gets_a_session_of_its_own() -> None:
    async with running_rig(server=PUBLIC) as rig:
        session = await begin(rig)
        rig.upstream.replies += [given("up-2"), ACCEPTED]
        first = await known(rig, session)
        second = await known(rig, session)
        unknowing = await stranger(rig, CALL, session)

        assert (first.status, second.status, unknowing.status) == (200, 200, 200)
        assert [told(each) for each in rig.upstream.requests] == [
            ("initialize", [], None),
            ("initialize", [], "ada"),
            ("notifications/initialized", ["up-2"], "ada"),
            ("tools/call", ["up-2"], "ada"),
            ("tools/call", ["up-2"], "ada"),
            ("tools/call", ["up-1"], None),
        ]
        assert rig.upstream.requests[1].body == GREETING
        assert rig.upstream.requests[1].value("Authorization") is None


@pytest.mark.requirement("S7")
async def test_everybody_who_presents_the_same_value_gets_another_session() -> None:
    async with running_rig(server=PUBLIC) as rig:
        session = await begin(rig)
        rig.upstream.replies += [given("up-2"), ACCEPTED]
        await known(rig, session)
        rig.upstream.replies += [given("up-3"), ACCEPTED]
        await known(rig, session, sub="eve")
        assert told(rig.upstream.last) == ("tools/call", ["up-3"], "eve")

        await known(rig, session)
        assert told(rig.upstream.last) == ("tools/call", ["up-2"], "ada")


async def test_requests_at_once_shake_hands_once() -> None:
    async with running_rig(server=PUBLIC) as rig:
        session = await begin(rig)
        rig.upstream.default_reply = given("up-2")
        answers = await asyncio.gather(*(known(rig, session) for _ in range(5)))

        assert {each.status for each in answers} == {200}
        methods = [told(each)[0] for each in rig.upstream.requests[1:]]
        assert sorted(map(str, methods)) == [
            "initialize",
            "notifications/initialized",
            *["tools/call"] * 5,
        ]


async def test_a_handshake_that_is_answered_by_events_is_read_to_its_end() -> None:
    head = event_stream_head(b"Mcp-Session-Id: up-2\r\n")
    async with running_rig(server=PUBLIC) as rig:
        session = await begin(rig)
        rig.upstream.replies += [head + chunk(b"data: {}\n\n") + chunk(b""), ACCEPTED]

        assert (await known(rig, session)).status == 200
        assert told(rig.upstream.last) == ("tools/call", ["up-2"], "ada")


async def test_a_handshake_that_was_not_kept_is_made_in_our_own_words() -> None:
    """As after a restart, or at another replica: what the client said of itself is gone there."""
    long = GREETING.replace(b"mine", b"mine" * 3000)
    async with running_rig(server=PUBLIC) as rig:
        rig.upstream.replies.append(given("up-1"))
        session = str((await stranger(rig, long)).value("Mcp-Session-Id"))
        rig.upstream.replies += [given("up-2"), ACCEPTED]

        assert (await known(rig, session)).status == 200
        params = json.loads(rig.upstream.requests[1].body)["params"]
        assert params["protocolVersion"] == "2025-06-18"
        assert params["capabilities"] == {}


@pytest.mark.requirement("42", "S7")
@pytest.mark.parametrize(
    "reply",
    [
        json_reply(b"{}", status="400 Bad Request", headers=b"Mcp-Session-Id: up-2\r\n"),
        json_reply(b"{}"),
    ],
)
async def test_a_server_that_gives_none_leaves_the_caller_without(reply: bytes) -> None:
    async with running_rig(server=PUBLIC) as rig:
        session = await begin(rig)
        rig.upstream.replies.append(reply)

        assert (await known(rig, session)).status == 404
        assert told(rig.upstream.last) == ("initialize", [], "ada")


@pytest.mark.requirement("42", "S7")
async def test_what_was_not_begun_without_a_token_gives_nobody_a_session() -> None:
    async with running_rig(server=PUBLIC) as rig:
        rig.upstream.replies.append(given("up-1"))
        first = await rig.call(token=rig.token(sub="bob"), body=GREETING)
        bobs = str(first.value("Mcp-Session-Id"))
        received = len(rig.upstream.requests)
        answers = [await known(rig, value) for value in (bobs, "up-1", "guessed")]
        answers.append(await stranger(rig, CALL, bobs))

        assert {each.status for each in answers} == {404}
        assert len(rig.upstream.requests) == received


@pytest.mark.requirement("42", "S7")
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_only_a_call_begins_a_session(method: str) -> None:
    async with running_rig(server=PUBLIC) as rig:
        session = await begin(rig)
        lines = _in(session) + f"Authorization: Bearer {rig.token()}\r\n".encode()
        answer = await rig.send(rig.request(method, "/mcp", headers=lines))

        assert answer.status == 404
        assert len(rig.upstream.requests) == 1


async def test_a_session_that_has_ended_is_not_begun_again() -> None:
    async with running_rig(server=PUBLIC) as rig:
        session = await begin(rig)
        rig.upstream.replies += [given("up-2"), ACCEPTED]
        await known(rig, session)
        lines = _in(session) + f"Authorization: Bearer {rig.token()}\r\n".encode()
        ended = await rig.send(rig.request("DELETE", "/mcp", headers=lines))
        assert told(rig.upstream.last) == ("DELETE", ["up-2"], "ada")
        received = len(rig.upstream.requests)

        assert (ended.status, (await known(rig, session)).status) == (200, 404)
        assert len(rig.upstream.requests) == received


async def test_a_call_that_is_denied_begins_no_session() -> None:
    rules = "rules: [{tools: [open], allow: anonymous}, {tools: ['*'], allow: nobody}]"
    async with running_rig(server=rules) as rig:
        session = await begin(rig)

        assert (await known(rig, session)).status == 403
        assert len(rig.upstream.requests) == 1


@pytest.mark.parametrize("mode", MODES)
async def test_the_official_clients_log_in_when_a_call_needs_it(
    mode: Mode, oidc_provider: OidcProvider, port: int
) -> None:
    more = "tools: {gateway: all, anonymous: true}\n"
    with running_mcp_server("stateful") as upstream:
        config = short_config(port, upstream, oidc_provider.issuer, more=more)
        async with running_gateway(config):
            url = f"http://127.0.0.1:{port}/mcp"
            person = Person(url)
            async with connected_client(person, mode) as client:
                before = [tool.name for tool in (await client.list_tools()).tools]
                assert person.storage.tokens is None
                sums = [await client.call_tool("add", {"a": 2, "b": 3}) for _ in range(2)]
                after = [tool.name for tool in (await client.list_tools()).tools]
            seen = await typescript_client(url, mode, "add", {"a": 2, "b": 3})

    assert before == seen.tools == ["cli_status", "cli_login_url"]
    assert [each.structured_content for each in sums] == [{"result": 5}] * 2
    assert "add" in after
    assert (seen.error, seen.result, seen.logins) == (None, {"result": 5}, 1)


def _in(session: str) -> bytes:
    return f"Mcp-Session-Id: {session}\r\n".encode()
