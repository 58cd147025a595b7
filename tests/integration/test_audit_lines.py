"""One audit line says who called what, with which result, and why."""

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.raw_http import post, raw_connection
from tests.support.recording_upstream import chunk, event_stream_head, json_reply
from tests.support.rig import CALL, Rig, running_rig

pytestmark = pytest.mark.requirement("U11")

FAILED = b'{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":true}}'
ERROR = b'{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no such tool"}}'
GOOD = b'{"jsonrpc":"2.0","id":1,"result":{"content":[]}}'
NOTIFICATION = b'{"jsonrpc":"2.0","method":"notifications/initialized"}'
ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

Line = Mapping[str, object]
Lines = Callable[[], list[Line]]


@asynccontextmanager
async def audited(folder: Path, more: str = "", **further: str) -> AsyncIterator[tuple[Rig, Lines]]:
    """A rig, and what its audit file holds once the rig is gone."""
    audit = folder / "audit.jsonl"

    def lines() -> list[Line]:
        return [json.loads(each) for each in audit.read_text(encoding="utf-8").splitlines()]

    async with running_rig(f"log: {{audit_file: {audit}}}\n" + more, **further) as rig:
        yield rig, lines


def events(*messages: bytes) -> bytes:
    told = b"".join(b"event: message\ndata: " + each + b"\n\n" for each in messages)
    return event_stream_head() + chunk(told[:30]) + chunk(told[30:]) + chunk(b"")


@pytest.mark.parametrize(
    ("reply", "result", "code"),
    [
        (json_reply(GOOD), "ok", None),
        (json_reply(FAILED), "tool_error", None),
        (json_reply(ERROR), "jsonrpc_error", -32602),
        (json_reply(b"[%b,%b]" % (GOOD, ERROR)), "jsonrpc_error", -32602),
        (events(GOOD), "ok", None),
        (events(NOTIFICATION, FAILED), "tool_error", None),
        (events(NOTIFICATION, ERROR), "jsonrpc_error", -32602),
        (json_reply(ERROR, status="400 Bad Request"), "jsonrpc_error", -32602),
        (b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", "accepted", None),
        (json_reply(b"\x1f\x8b", headers=b"Content-Encoding: gzip\r\n"), "unread", None),
    ],
)
async def test_a_success_and_every_failure_are_different_results(
    tmp_path: Path, reply: bytes, result: str, code: int | None
) -> None:
    async with audited(tmp_path) as (rig, lines):
        rig.upstream.replies.append(reply)
        await rig.call()

    (line,) = lines()
    assert (line["decision"], line["result"], line["error_code"]) == ("allow", result, code)
    assert (line["subject"], line["mcp_method"], line["name"]) == ("ada", "tools/call", "whoami")


async def test_a_notification_that_is_accepted_is_a_success(tmp_path: Path) -> None:
    async with audited(tmp_path) as (rig, lines):
        rig.upstream.replies.append(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        await rig.call(body=NOTIFICATION)

    assert lines()[0]["result"] == "ok"


@pytest.mark.parametrize(
    ("allow", "reason"),
    [("{subjects: [grace]}", "subject_not_allowed"), ("{scopes: [mcp:admin]}", "scope_missing")],
)
async def test_a_denial_at_the_server_names_the_tool_and_answers_the_message(
    tmp_path: Path, allow: str, reason: str
) -> None:
    async with audited(tmp_path, server=f"allow: {allow}") as (rig, lines):
        response = await rig.call()

        assert response.status == 403
        assert json.loads(response.body)["id"] == 1
        rig.upstream.assert_untouched()
    (line,) = lines()
    assert (line["decision"], line["result"], line["reason"]) == ("deny", "denied", reason)
    assert (line["subject"], line["mcp_method"], line["name"]) == ("ada", "tools/call", "whoami")


@pytest.mark.parametrize(
    "body", [b"{", b'{"jsonrpc":"2.0","id":1,"method":"x","params":"' + b"x" * 70_000 + b'"}']
)
async def test_a_denial_stands_when_the_message_cannot_be_read(tmp_path: Path, body: bytes) -> None:
    async with audited(tmp_path, server="allow: {subjects: [grace]}") as (rig, lines):
        assert (await rig.call(body=body)).status == 403
        rig.upstream.assert_untouched()

    assert (lines()[0]["reason"], lines()[0]["name"]) == ("subject_not_allowed", None)


async def test_a_caller_over_a_limit_is_told_of_with_the_tool(tmp_path: Path) -> None:
    server = "limits: {per_principal: 1/m}"
    async with audited(tmp_path, server=server) as (rig, lines):
        await rig.call()
        assert (await rig.call()).status == 429
        assert len(rig.upstream.requests) == 1

    assert (lines()[1]["reason"], lines()[1]["name"]) == ("rate_limited", "whoami")


async def test_an_expired_token_names_its_subject(tmp_path: Path) -> None:
    async with audited(tmp_path) as (rig, lines):
        token = rig.token(exp=1_000_000_000, iat=999_999_000)
        for _ in range(2):  # the second refusal is remembered
            assert (await rig.call(token=token)).status == 401
        rig.upstream.assert_untouched()
        issuer = rig.signer.issuer

    for line in lines():
        assert (line["result"], line["reason"]) == ("denied", "expired")
        assert (line["subject"], line["issuer"]) == ("ada", issuer)
        assert line["verified"] is True


async def test_whom_a_token_names_that_nobody_signed_is_marked(tmp_path: Path) -> None:
    async with audited(tmp_path) as (rig, lines):
        good = rig.token()
        head, claims, signature = good.split(".")
        forged = f"{head}.{claims}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
        assert (await rig.call(token=forged)).status == 401
        rig.upstream.assert_untouched()

    (line,) = lines()
    assert (line["subject"], line["verified"]) == ("ada", False)
    assert line["scheme"] == "none"


async def test_a_token_that_says_nothing_names_nobody(tmp_path: Path) -> None:
    async with audited(tmp_path) as (rig, lines):
        assert (await rig.call(token="e30.e30.e30")).status == 401  # noqa: S106  # no password

    assert (lines()[0]["subject"], lines()[0]["verified"]) == (None, None)


async def test_a_request_to_no_server_leaves_a_line(tmp_path: Path) -> None:
    async with audited(tmp_path) as (rig, lines):
        await rig.send(rig.request("POST", "/elsewhere?token=secret"))
        await rig.send(rig.request("GET", "/mcp", host="evil.example"))
        await rig.send(rig.request("GET", "/mcp", host="a@b"))
        await rig.send(b"no HTTP\r\n\r\n")
        rig.upstream.assert_untouched()

    found = [(each["reason"], each["host"], each["path"], each["status"]) for each in lines()]
    host = f"127.0.0.1:{rig.port}"
    assert found == [
        ("no_route", host, "/elsewhere", 404),
        ("unknown_host", "evil.example", "/mcp", 421),
        ("bad_host", "a@b", "/mcp", 400),
        ("bad_http", "", None, 400),
    ]
    assert {each["address"] for each in lines()} == {"127.0.0.1"}


@pytest.mark.requirement("20", "O5", "O6")
async def test_a_token_in_a_path_or_a_host_is_not_kept(tmp_path: Path) -> None:
    async with audited(tmp_path) as (rig, lines):
        token = rig.token()
        await rig.send(rig.request("GET", f"/mcp/{token}"))

    assert token[:40] not in json.dumps(lines())
    assert lines()[0]["reason"] == "no_route"


@pytest.mark.parametrize("path", ["/health", "/.well-known/oauth-protected-resource/mcp"])
async def test_documents_and_probes_leave_no_line(tmp_path: Path, path: str) -> None:
    async with audited(tmp_path) as (rig, lines):
        assert (await rig.send(rig.request("GET", path))).status == 200

    assert lines() == []


async def test_a_line_has_our_own_id_beside_the_clients_and_the_host(tmp_path: Path) -> None:
    async with audited(tmp_path) as (rig, lines):
        first = await rig.call(headers=b"X-Request-Id: trace-me-123\r\n")
        refused = post(rig.port, CALL, token="x", headers=b"X-Request-Id: trace-me-123\r\n")  # noqa: S106
        second = await rig.send(refused)

    ids = [line["request_id"] for line in lines()]
    assert len(set(ids)) == 2
    assert json.loads(second.body)["error"]["data"]["request_id"] == ids[1]
    assert {line["client_request_id"] for line in lines()} == {"trace-me-123"}
    assert first.value("X-Request-Id") == second.value("X-Request-Id") == "trace-me-123"
    assert {line["host"] for line in lines()} == {f"127.0.0.1:{rig.port}"}


async def test_every_time_is_written_alike(tmp_path: Path) -> None:
    async with audited(tmp_path) as (rig, lines):
        given = json_reply(GOOD, headers=b"Mcp-Session-Id: s1\r\n")
        rig.upstream.replies.append(given)
        await rig.call()

    assert {line["event"] for line in lines()} == {"mcp_request", "session_start"}
    assert all(ISO_TIME.fullmatch(str(line["time"])) for line in lines())


async def test_a_message_that_its_headers_contradict_is_told_of_with_its_tool(
    tmp_path: Path,
) -> None:
    async with audited(tmp_path) as (rig, lines):
        headers = b"MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: x\r\n"
        assert (await rig.call(headers=headers)).status == 400
        rig.upstream.assert_untouched()

    assert (lines()[0]["reason"], lines()[0]["name"]) == ("header_body_mismatch", "whoami")


@pytest.mark.requirement("11")
async def test_of_requests_that_are_alike_each_keeps_its_own_trace(tmp_path: Path) -> None:
    """The second and the third repeat the first one's head but for what traces find them by."""
    marks = [("req-aaaa-1", "a" * 32), ("req-bbbb-2", "b" * 32), ("req-cccc-3", "c" * 32)]
    answers = []
    async with audited(tmp_path) as (rig, lines), raw_connection(rig.port) as connection:
        token = rig.token()
        for request_id, trace in marks:
            parent = f"00-{trace}-00f067aa0ba902b7-01"
            own = (
                f"X-Request-Id: {request_id}\r\ntraceparent: {parent}\r\ntracestate: k={trace}\r\n"
            )
            await connection.send(post(rig.port, CALL, token=token, headers=own.encode()))
            answers.append(await connection.read_response())
        seen = [
            [each.value(name) for name in ("X-Request-Id", "Traceparent", "Tracestate")]
            for each in rig.upstream.requests
        ]

    assert [each.value("X-Request-Id") for each in answers] == [each for each, _ in marks]
    assert seen == [[i, f"00-{t}-00f067aa0ba902b7-01", f"k={t}"] for i, t in marks]
    assert [(each["client_request_id"], each["trace_id"]) for each in lines()] == marks
