"""Sessions of the older revisions: sealed for one caller, of limited life, seen and ended."""

import asyncio
import json
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.support.gateway import running_gateway, short_config
from tests.support.ports import reserved_port
from tests.support.raw_http import RawResponse, post
from tests.support.recording_upstream import RecordedRequest, RecordingUpstream, json_reply
from tests.support.rig import CALL, Rig, running_rig
from tests.support.token_signer import TokenSigner

INITIALIZE = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}'
GIVEN = json_reply(b'{"jsonrpc":"2.0","id":1,"result":{}}', headers=b"Mcp-Session-Id: up-1\r\n")
ADMIN = {"Authorization": "Bearer the-admin-token"}
ADMIN_CONFIG = 'admin: {listen: "127.0.0.1:0", token: the-admin-token}\n'


def header(value: str) -> bytes:
    return f"Mcp-Session-Id: {value}\r\n".encode()


async def begin(rig: Rig, token: str = "") -> str:
    """Shake hands and return the session id that the client was given."""
    rig.upstream.replies.append(GIVEN)
    response = await rig.call(token=token or None, body=INITIALIZE)
    assert response.status == 200, response
    return str(response.value("Mcp-Session-Id"))


async def forgotten(rig: Rig) -> None:
    """The server is told that the session is over, so that no other replica can go on with it."""
    for _ in range(200):
        if rig.upstream.last.method == "DELETE":
            break
        await asyncio.sleep(0.01)
    assert rig.upstream.last.method == "DELETE"
    assert rig.upstream.last.values("Mcp-Session-Id") == ["up-1"]
    assert rig.upstream.last.value("Authorization") is None


def last(rig: Rig) -> RecordedRequest:
    return rig.upstream.last


@pytest.mark.requirement("21", "22")
async def test_the_client_and_the_upstream_have_an_id_of_their_own() -> None:
    async with running_rig() as rig:
        sealed = await begin(rig)
        response = await rig.call(headers=header(sealed))

        assert response.status == 200
        assert "up-1" not in sealed
        assert last(rig).values("Mcp-Session-Id") == ["up-1"]


async def test_an_upstream_that_repeats_its_id_changes_nothing_for_the_client() -> None:
    async with running_rig() as rig:
        sealed = await begin(rig)
        rig.upstream.replies.append(GIVEN)
        response = await rig.call(headers=header(sealed))

        assert response.values("Mcp-Session-Id") == [sealed]


@pytest.mark.requirement("22", "23", "42", "S7", "25")
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
@pytest.mark.parametrize(
    ("sub", "client_id"), [("eve", "test-client"), ("ada", "other"), ("eve", "other")]
)
async def test_somebody_elses_session_is_unknown(method: str, sub: str, client_id: str) -> None:
    async with running_rig() as rig:
        sealed = await begin(rig)
        received = len(rig.upstream.requests)
        token = rig.token(sub=sub, client_id=client_id)
        lines = header(sealed) + b"Last-Event-ID: 7\r\n"
        if method == "POST":
            stolen = await rig.call(token=token, headers=lines)
        else:
            lines += f"Authorization: Bearer {token}\r\nAccept: text/event-stream\r\n".encode()
            stolen = await rig.send(rig.request(method, "/mcp", headers=lines))
        invented = await rig.call(token=token, headers=header("guessed"))

        assert (stolen.status, invented.status) == (404, 404)
        assert _error(stolen) == _error(invented)
        assert len(rig.upstream.requests) == received


@pytest.mark.requirement("42", "S7")
@pytest.mark.parametrize("value", ["up-1", "", "a" * 5000, "é".encode().decode("latin-1")])
async def test_a_value_that_the_gateway_did_not_give_is_unknown(value: str) -> None:
    async with running_rig() as rig:
        await begin(rig)
        received = len(rig.upstream.requests)
        response = await rig.call(headers=b"Mcp-Session-Id: %b\r\n" % value.encode("latin-1"))

        assert response.status == 404
        assert len(rig.upstream.requests) == received


async def test_two_values_are_unknown_and_other_spellings_go_nowhere() -> None:
    async with running_rig() as rig:
        sealed = await begin(rig)
        received = len(rig.upstream.requests)
        assert (await rig.call(headers=header(sealed) * 2)).status == 404
        assert len(rig.upstream.requests) == received

        await rig.call(headers=b"Mcp_Session_Id: up-1\r\n")
        assert not any("ession" in name for name, _ in last(rig).headers)


@pytest.mark.requirement("S7")
async def test_a_new_token_of_the_same_caller_keeps_the_session() -> None:
    async with running_rig() as rig:
        sealed = await begin(rig, rig.token(jti="first"))

        assert (await rig.call(token=rig.token(jti="2"), headers=header(sealed))).status == 200


@pytest.mark.requirement("42")
async def test_a_session_ends_with_its_delete() -> None:
    async with running_rig() as rig:
        sealed = await begin(rig)
        lines = header(sealed) + f"Authorization: Bearer {rig.token()}\r\n".encode()
        assert (await rig.send(rig.request("DELETE", "/mcp", headers=lines))).status == 200
        assert last(rig).value("Mcp-Session-Id") == "up-1"
        received = len(rig.upstream.requests)

        assert (await rig.call(headers=header(sealed))).status == 404
        assert len(rig.upstream.requests) == received


@pytest.mark.requirement("42")
async def test_a_session_that_the_upstream_forgot_is_over() -> None:
    async with running_rig() as rig:
        sealed = await begin(rig)
        rig.upstream.replies.append(json_reply(b"{}", status="404 Not Found"))

        answers = [await rig.call(headers=header(sealed)) for _ in range(2)]

        assert [each.status for each in answers] == [404, 404]
        assert len(rig.upstream.requests) == 2


@pytest.mark.requirement("41")
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_stateless_server_stays_one(method: str) -> None:
    async with running_rig() as rig:
        begun = await rig.call(body=INITIALIZE)
        rig.upstream.replies.append(json_reply(b"", status="405 No", headers=b"Allow: POST\r\n"))
        headers = f"Authorization: Bearer {rig.token()}\r\nAccept: text/event-stream\r\n".encode()
        refused = await rig.send(rig.request(method, "/mcp", headers=headers))

        assert begun.status == 200
        assert begun.value("Mcp-Session-Id") is None
        assert (refused.status, refused.value("Allow")) == (405, "POST")
        assert last(rig).method == method


@pytest.mark.requirement("41")
async def test_the_newest_revision_mints_and_echoes_none() -> None:
    modern = b"MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: whoami\r\n"
    async with running_rig() as rig:
        rig.upstream.replies.append(GIVEN)
        response = await rig.call(headers=modern + header("whatever"))

        assert response.status == 200
        assert response.value("Mcp-Session-Id") is None
        assert last(rig).values("Mcp-Session-Id") == []


@pytest.mark.parametrize("key", ["idle", "lifetime"])
async def test_a_session_does_not_last_for_ever(
    key: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async with running_rig(server=f"sessions: {{{key}: 1ms}}") as rig:
        sealed = await begin(rig)
        received = len(rig.upstream.requests)
        await asyncio.sleep(0.02)  # past its end

        assert (await rig.call(headers=header(sealed))).status == 404
        await forgotten(rig)
        assert len(rig.upstream.requests) == received + 1  # the gateway's own, not the caller's
    assert f'"reason":"{key}"' in capfd.readouterr().out


async def test_a_caller_who_begins_too_many_sessions_loses_the_longest_unused(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async with running_rig(server="sessions: {per_principal: 2}") as rig:
        bobs = await begin(rig, rig.token(sub="bob"))
        first, second = await begin(rig), await begin(rig)
        assert (await rig.call(headers=header(first))).status == 200
        third = await begin(rig)
        await forgotten(rig)
        received = len(rig.upstream.requests)

        assert (await rig.call(headers=header(second))).status == 404
        assert len(rig.upstream.requests) == received
        for kept in (first, third):
            assert (await rig.call(headers=header(kept))).status == 200
        assert (await rig.call(token=rig.token(sub="bob"), headers=header(bobs))).status == 200
    assert '"reason":"cap"' in capfd.readouterr().out


async def test_a_crowd_without_tokens_ends_nobody_elses_sessions() -> None:
    more = "trusted_proxies: [127.0.0.1]\n"
    settings = "allow: anonymous, sessions: {per_principal: 1}"
    async with running_rig(more, server=settings) as rig:

        async def ask(address: str, body: bytes = CALL, session: str = "") -> RawResponse:
            lines = f"X-Forwarded-For: {address}\r\n".encode()
            lines += header(session) if session else b""
            return await rig.send(post(rig.port, body, headers=lines))

        rig.upstream.replies += [GIVEN, GIVEN, GIVEN]
        own = str((await ask("192.0.2.1", INITIALIZE)).value("Mcp-Session-Id"))
        others = [(await ask("192.0.2.2", INITIALIZE)).value("Mcp-Session-Id") for _ in range(2)]

        assert (await ask("192.0.2.1", session=own)).status == 200
        answers = [await ask("192.0.2.2", session=str(each)) for each in others]
        assert [each.status for each in answers] == [404, 200]


async def test_an_error_begins_no_session() -> None:
    """The servers of some SDKs name a session when they refuse who has none."""
    refusal = json_reply(b"{}", status="400 Bad Request", headers=b"Mcp-Session-Id: up-1\r\n")
    async with running_rig(ADMIN_CONFIG) as rig:
        rig.upstream.replies.append(refusal)
        response = await rig.call()

        assert (response.status, response.value("Mcp-Session-Id")) == (400, None)
        assert json.loads(await _admin(rig, "GET", "/sessions")) == {"sessions": []}


async def test_sessions_are_told_of_with_what_was_done_in_them(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async with running_rig(ADMIN_CONFIG) as rig:
        sealed = await begin(rig)
        await rig.call(headers=header(sealed))
        metrics = await _admin(rig, "GET", "/metrics")
        assert 'mcpgw_sessions_open{server="mcp"} 1.0' in metrics
        lines = header(sealed) + f"Authorization: Bearer {rig.token()}\r\n".encode()
        await rig.send(rig.request("DELETE", "/mcp", headers=lines))
        metrics = await _admin(rig, "GET", "/metrics")

        assert 'mcpgw_sessions_ended_total{reason="client",server="mcp"} 1.0' in metrics
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    (start,) = (each for each in events if each["event"] == "session_start")
    (end,) = (each for each in events if each["event"] == "session_end")
    assert (start["subject"], start["client_id"]) == ("ada", "test-client")
    assert (end["reason"], end["requests"], end["tools"]) == ("client", 2, ["whoami"])
    calls = [each["session"] for each in events if each["event"] == "mcp_request"]
    assert calls == [None, start["session"], start["session"]]


async def test_an_admin_lists_and_ends_sessions() -> None:
    async with running_rig(ADMIN_CONFIG) as rig:
        sealed = await begin(rig)
        (session,) = json.loads(await _admin(rig, "GET", "/sessions"))["sessions"]
        assert (session["subject"], session["server"]) == ("ada", "mcp")
        assert sealed not in str(session)
        assert "up-1" not in str(session)

        await _admin(rig, "DELETE", f"/sessions/{session['id']}")
        await forgotten(rig)
        assert (await rig.call(headers=header(sealed))).status == 404
        assert json.loads(await _admin(rig, "GET", "/sessions")) == {"sessions": []}
        assert "No such session" in await _admin(rig, "DELETE", "/sessions/x")
        url = f"http://127.0.0.1:{rig.admin_port}/sessions"
        async with ClientSession() as client, client.get(url) as refused:
            assert refused.status == 401


async def test_a_session_outlives_the_process_that_gave_it(tmp_path: Path) -> None:
    """So does another replica with the same key understand it."""
    more = f"state_dir: {tmp_path}\n"
    async with RecordingUpstream() as upstream, TokenSigner() as signer:
        with reserved_port() as port:
            config = short_config(port, upstream.url, signer.issuer, more=more)
            rig = Rig(port, 0, upstream, signer)
            async with running_gateway(config):
                sealed = await begin(rig)
            async with running_gateway(config):
                response = await rig.call(headers=header(sealed))
                stolen = await rig.call(token=rig.token(sub="eve"), headers=header(sealed))

    assert (response.status, stolen.status) == (200, 404)
    assert upstream.last.value("Mcp-Session-Id") == "up-1"


def _error(response: RawResponse) -> object:
    error = json.loads(response.body)["error"]
    return error["code"], error["message"], error["data"]["error"]


async def _admin(rig: Rig, method: str, path: str) -> str:
    url = f"http://127.0.0.1:{rig.admin_port}{path}"
    async with ClientSession(headers=ADMIN) as client, client.request(method, url) as answer:
        return await answer.text()
