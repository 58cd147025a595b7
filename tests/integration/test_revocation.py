"""Revocation takes effect within a second: on remembered verdicts, on live streams, for good."""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from aiohttp import ClientSession

from gateway.config.model import Store
from gateway.identity.revocation.logout_token import EVENT
from gateway.identity.revocation.revocation import parse_revocation
from gateway.store.store import open_store
from gateway.strict_json import parse_json
from tests.support.raw_http import post, raw_connection
from tests.support.recording_upstream import chunk, event_stream_head
from tests.support.redis_server import running_redis
from tests.support.rig import CALL, Rig, running_rig

ADMIN = """\
admin: {{listen: "127.0.0.1:0", token: admin-token}}
store: {{url: "{store}"}}
state_dir: {state}
"""
TOKEN = {"Authorization": "Bearer admin-token"}
LIMIT_S = 1.0


@asynccontextmanager
async def revoking_rig(state: Path, store: str = "sqlite:", more: str = "") -> AsyncIterator[Rig]:
    async with running_rig(ADMIN.format(state=state, store=store) + more) as rig:
        yield rig


async def revoke(rig: Rig, revocation: dict[str, object]) -> str:
    async with ClientSession(headers=TOKEN) as client:
        url = f"http://127.0.0.1:{rig.admin_port}/revocations"
        async with client.post(url, json=revocation) as response:
            assert response.status == 201, await response.text()
            return str((await response.json())["id"])


async def _refused_after(rig: Rig, token: str) -> float:
    """Seconds until a token is refused; fails past the limit."""
    started = time.monotonic()
    while (await rig.call(token=token)).status == 200:
        assert time.monotonic() - started < LIMIT_S, "still accepted"
        await asyncio.sleep(0.02)
    return time.monotonic() - started


@pytest.mark.requirement("152", "C6")
async def test_a_subject_is_refused_at_once_and_pardoned(tmp_path: Path) -> None:
    async with revoking_rig(tmp_path) as rig:
        token, other = rig.token(sub="ada"), rig.token(sub="bob")
        assert (await rig.call(token=token)).status == 200
        identity = await revoke(rig, {"subject": "ada"})

        refused = await rig.call(token=token)
        assert refused.status == 401
        assert "revoked" in str(refused.challenge)
        assert (await rig.call(token=other)).status == 200
        async with ClientSession(headers=TOKEN) as client:
            url = f"http://127.0.0.1:{rig.admin_port}/revocations/{identity}"
            assert (await client.delete(url)).status == 204
        assert (await rig.call(token=token)).status == 200


@pytest.mark.requirement("152")
@pytest.mark.parametrize(
    "revocation",
    [
        {"client_id": "test-client"},
        {"token_id": "t-1"},
        {"session_id": "s-1"},
        {"group": "ops"},
        {"everything": True, "before": "2100-01-01T00:00:00Z"},
    ],
)
async def test_each_kind_of_revocation_refuses_before_the_upstream(
    tmp_path: Path, revocation: dict[str, object]
) -> None:
    async with revoking_rig(tmp_path) as rig:
        await revoke(rig, revocation)

        response = await rig.call(token=rig.token(jti="t-1", sid="s-1", groups=["dev", "ops"]))

        assert response.status == 401
        rig.upstream.assert_untouched()


@pytest.mark.requirement("C6", "C8")
async def test_a_live_stream_is_cut_cleanly_and_says_why_in_the_audit(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with revoking_rig(tmp_path) as rig, raw_connection(rig.port) as client:
        rig.upstream.replies.append(event_stream_head() + chunk(b"data: 1\n\n"))
        head = rig.request("GET", "/mcp", headers=_stream_headers(rig.token(sub="ada")))
        await client.send(head)
        assert (await client.read_head()).status == 200
        assert await client.read_chunk() == b"data: 1\n\n"

        started = time.monotonic()
        await revoke(rig, {"subject": "ada"})
        assert await client.read_chunk() == b""

        assert time.monotonic() - started < LIMIT_S
    ended = [
        json.loads(line)["ended"]
        for line in capfd.readouterr().out.splitlines()
        if "mcp_request" in line
    ]
    assert "revoked" in ended


@pytest.mark.requirement("C6", "C8")
async def test_streams_of_everybody_else_go_on(tmp_path: Path) -> None:
    async with (
        revoking_rig(tmp_path) as rig,
        raw_connection(rig.port) as ada,
        raw_connection(rig.port) as bob,
    ):
        for client, subject in ((ada, "ada"), (bob, "bob")):
            rig.upstream.replies.append(event_stream_head() + chunk(b"data: 1\n\n"))
            token = rig.token(sub=subject)
            await client.send(rig.request("GET", "/mcp", headers=_stream_headers(token)))
            assert (await client.read_head()).status == 200
            assert await client.read_chunk() == b"data: 1\n\n"

        await revoke(rig, {"subject": "ada"})
        assert await ada.read_chunk() == b""
        async with asyncio.timeout(5):
            await rig.upstream.connection_lost.wait()
        await rig.upstream.send(chunk(b"data: 2\n\n"))

        assert await bob.read_chunk() == b"data: 2\n\n"


@pytest.mark.requirement("C6")
async def test_a_file_that_makes_no_sense_at_start_lets_nobody_in(tmp_path: Path) -> None:
    file = tmp_path / "revocations.yaml"
    file.write_text("revocations: [{subject: ada}, half", encoding="utf-8")
    async with revoking_rig(tmp_path, more=f"revocations: {{file: {file}}}\n") as rig:
        async with ClientSession() as client:
            ready = await client.get(f"http://127.0.0.1:{rig.admin_port}/readyz")

        assert ready.status == 503
        assert (await rig.call(token=rig.token(sub="bob"))).status == 503
        rig.upstream.assert_untouched()


def _stream_headers(token: str) -> bytes:
    return f"Authorization: Bearer {token}\r\nAccept: text/event-stream\r\n".encode()


@pytest.mark.requirement("152")
async def test_a_revocation_survives_a_restart(tmp_path: Path) -> None:
    async with revoking_rig(tmp_path) as rig:
        await revoke(rig, {"subject": "ada"})

    async with revoking_rig(tmp_path) as rig:
        assert (await rig.call(token=rig.token(sub="ada"))).status == 401
        rig.upstream.assert_untouched()


@pytest.mark.requirement("152", "C6")
async def test_replicas_that_share_a_store_refuse_within_a_second(tmp_path: Path) -> None:
    async with revoking_rig(tmp_path) as one, revoking_rig(tmp_path) as two:
        token = two.token(sub="ada")
        assert (await two.call(token=token)).status == 200
        await revoke(one, {"subject": "ada"})

        assert await _refused_after(two, token) < LIMIT_S


@pytest.mark.requirement("152", "C6")
async def test_replicas_on_several_machines_share_redis_and_outlive_it(tmp_path: Path) -> None:
    with running_redis(tmp_path) as redis:
        async with (
            revoking_rig(tmp_path / "a", redis.url) as one,
            revoking_rig(tmp_path / "b", redis.url) as two,
        ):
            token, other = two.token(sub="ada"), two.token(sub="bob")
            assert (await two.call(token=token)).status == 200
            await revoke(one, {"subject": "ada"})
            assert await _refused_after(two, token) < LIMIT_S

            redis.stop()

            assert (await two.call(token=two.token(sub="ada"))).status == 401
            assert (await two.call(token=other)).status == 200


@pytest.mark.requirement("C6", "F19")
async def test_a_gateway_that_never_read_the_list_is_not_ready_and_lets_nobody_in(
    tmp_path: Path,
) -> None:
    with running_redis(tmp_path) as redis:
        redis.stop()
        async with revoking_rig(tmp_path, redis.url) as rig, ClientSession() as client:
            answer = await client.get(f"http://127.0.0.1:{rig.admin_port}/readyz")
            condition = (await answer.json())["conditions"]["revocations"]
            assert answer.status == 503
            assert (await rig.call()).status == 503
            rig.upstream.assert_untouched()

    assert condition == {"ready": False, "reason": "the store has not answered yet"}


@pytest.mark.requirement("152", "C6")
async def test_a_line_in_the_file_refuses_within_a_second(tmp_path: Path) -> None:
    file = tmp_path / "revocations.yaml"
    file.write_text("revocations: []\n", encoding="utf-8")
    async with revoking_rig(tmp_path, more=f"revocations: {{file: {file}}}\n") as rig:
        token = rig.token(sub="ada")
        assert (await rig.call(token=token)).status == 200
        file.write_text("revocations: [{subject: ada, note: left the company}]\n", encoding="utf-8")

        assert await _refused_after(rig, token) < LIMIT_S


@pytest.mark.requirement("O3")
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
async def test_nobody_revokes_without_the_admin_token(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    async with revoking_rig(tmp_path) as rig, ClientSession(headers=headers) as client:
        url = f"http://127.0.0.1:{rig.admin_port}/revocations"

        assert (await client.get(url)).status == 401
        assert (await client.post(url, json={"subject": "ada"})).status == 401
        assert (await client.delete(f"{url}/x")).status == 401


async def test_without_an_admin_token_there_is_nothing_to_guess() -> None:
    async with running_rig() as rig, ClientSession(headers=TOKEN) as client:
        assert (await client.get(f"http://127.0.0.1:{rig.admin_port}/revocations")).status == 404


@pytest.mark.parametrize(
    "revocation",
    [{}, {"subject": ""}, {"subject": "a", "group": "b"}, {"everything": True}, {"x": 1}],
)
async def test_a_revocation_that_makes_no_sense_is_explained(
    tmp_path: Path, revocation: dict[str, object]
) -> None:
    async with revoking_rig(tmp_path) as rig, ClientSession(headers=TOKEN) as client:
        url = f"http://127.0.0.1:{rig.admin_port}/revocations"
        async with client.post(url, json=revocation) as response:
            assert response.status == 400
            assert len((await response.json())["error"]) > 10


@pytest.mark.requirement("A20", "152")
@pytest.mark.parametrize("issued_at", [None, -1, 0])
async def test_a_logout_of_the_second_of_issue_takes_effect_and_is_kept(
    tmp_path: Path, issued_at: int | None
) -> None:
    section = "backchannel_logout: {clients: [mcp-client]}"
    state = f"state_dir: {tmp_path}\n"
    async with running_rig(state, issuer=section) as rig:
        now = int(time.time())
        token = rig.token(sub="ada", iat=now)
        logout = rig.signer.token(
            "mcp-client",
            header={"typ": "logout+jwt"},
            sub="ada",
            jti="j-1",
            scope=None,
            iat=now if issued_at is None else issued_at,
            events={EVENT: {}},
        )
        url = f"{rig.origin}/.well-known/mcpgw/backchannel-logout/default"
        async with ClientSession() as issuer, issuer.post(url, data={"logout_token": logout}) as ok:
            assert ok.status == 200
        assert (await rig.call(token=token)).status == 401
        rig.upstream.assert_untouched()
        kept = await open_store(Store(), tmp_path).entries("revocation")

    assert [parse_revocation(parse_json(each)).value for each in kept.values()] == ["ada"]


@pytest.mark.requirement("152")
async def test_a_back_channel_logout_ends_the_session(tmp_path: Path) -> None:
    section = "backchannel_logout: {clients: [mcp-client]}"
    async with running_rig("store: {url: 'memory:'}\n", issuer=section) as rig:
        token = rig.token(sub="ada", sid="s-1", iat=int(time.time()) - 5)
        assert (await rig.call(token=token)).status == 200
        logout = rig.signer.token(
            "mcp-client",
            header={"typ": "logout+jwt"},
            sub="ada",
            sid="s-1",
            jti="j-1",
            scope=None,
            events={EVENT: {}},
        )
        path = "/.well-known/mcpgw/backchannel-logout/default"
        async with ClientSession() as issuer:
            form = {"logout_token": logout}
            answers = [await issuer.post(rig.origin + path, data=form) for _ in range(2)]
            forged = await issuer.post(rig.origin + path, data={"logout_token": token})
            read = await issuer.get(rig.origin + path)

        assert [each.status for each in answers] == [200, 200]
        assert (forged.status, read.status) == (400, 405)
        assert (await rig.call(token=token)).status == 401
        assert (await rig.call(token=rig.token(sub="ada", iat=int(time.time()) + 1))).status == 200


def _write_strangely(path: Path) -> None:
    """What an operator's tool, another version or a broken disk may leave in the store."""
    with sqlite3.connect(path) as database:
        strange = ("CAST(X'FF' AS TEXT), 'x'", "'n', 7", "'t', CAST(X'FF' AS TEXT)", "'j', '[['")
        for number, pair in enumerate(strange):
            row = f"('revocation', {pair}, {'NULL' if number else chr(39) + 'soon' + chr(39)})"
            database.execute(f"INSERT INTO facts VALUES {row}")  # noqa: S608  # of the test's own
        database.execute("UPDATE versions SET version = version + 1")
    database.close()


@pytest.mark.requirement("A18")
async def test_strange_entries_end_no_gateway_and_keep_none_from_starting(tmp_path: Path) -> None:
    for _ in range(2):
        async with revoking_rig(tmp_path) as rig:
            await revoke(rig, {"subject": "ada"})
            _write_strangely_once(tmp_path / "store.sqlite3")
            await revoke(rig, {"subject": "bob", "note": "after it"})

            for sub, status in (("ada", 401), ("bob", 401), ("eve", 200)):
                assert (await rig.call(token=rig.token(sub=sub))).status == status
            await _until_current(rig, "0.0")


def _write_strangely_once(path: Path) -> None:
    with suppress(sqlite3.IntegrityError):
        _write_strangely(path)


async def _until_current(rig: Rig, value: str) -> None:
    url = f"http://127.0.0.1:{rig.admin_port}/metrics"
    async with asyncio.timeout(5), ClientSession() as client:
        wanted = f"mcpgw_revocations_current {value}"
        while wanted not in await (await client.get(url)).text():  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.05)


@pytest.mark.requirement("A18")
async def test_a_file_that_no_parser_can_read_ends_nothing(tmp_path: Path) -> None:
    file = tmp_path / "revocations.yaml"
    file.write_text("revocations: [{subject: ada}]", encoding="utf-8")
    async with revoking_rig(tmp_path, more=f"revocations: {{file: {file}}}\n") as rig:
        for content in (b"\xff", b"[" * 100_000, b"revocations: [{until: 1e999, subject: x}]"):
            file.write_bytes(content)
            await _until_current(rig, "0.0")
            assert (await rig.call(token=rig.token(sub="ada"))).status == 401
            assert (await rig.call(token=rig.token(sub="eve"))).status == 200
            file.write_text("revocations: [{subject: ada}]", encoding="utf-8")
            await _until_current(rig, "1.0")


@pytest.mark.requirement("U13")
async def test_without_redis_at_start_nobody_gets_in_until_it_answers(tmp_path: Path) -> None:
    with running_redis(tmp_path) as redis:
        redis.stop()
        async with revoking_rig(tmp_path, redis.url) as rig:
            refused = await rig.call()
            assert refused.status == 503
            assert refused.value("Retry-After") is not None
            rig.upstream.assert_untouched()
            url = f"http://127.0.0.1:{rig.admin_port}/readyz"
            async with ClientSession() as client, client.get(url) as answer:
                assert answer.status == 503
                assert "the store has not answered yet" in await answer.text()

            redis.start()
            await _until_current(rig, "1.0")
            assert (await rig.call()).status == 200


@pytest.mark.requirement("U13")
async def test_without_redis_at_start_the_public_part_is_served(tmp_path: Path) -> None:
    more = ADMIN.format(state=tmp_path, store="redis://127.0.0.1:1/0")
    async with running_rig(more, server="allow: anonymous") as rig:
        request = post(rig.port, CALL)

        assert (await rig.send(request)).status == 200
        assert (await rig.call()).status == 503
        assert len(rig.upstream.requests) == 1
