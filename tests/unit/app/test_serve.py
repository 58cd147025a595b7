"""The gateway as a whole: it starts, waits for keys, drains and ends."""

import asyncio
import json

import pytest

from gateway.app.serve import Serving
from tests.support.gateway import running_gateway, short_config
from tests.support.ports import reserved_port
from tests.support.raw_http import exchange, post
from tests.support.recording_upstream import RecordingUpstream, json_reply
from tests.support.rig import CALL, running_rig
from tests.support.token_signer import TokenSigner


async def get(port: int, path: str) -> int:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    return (await exchange(port, request.encode())).status


async def test_a_gateway_with_keys_is_ready() -> None:
    async with running_rig() as rig:
        assert await get(rig.admin_port, "/readyz") == 200


@pytest.mark.requirement("J22")
async def test_without_keys_it_is_not_ready_and_refuses_nobody_for_good() -> None:
    """A 401 would make clients throw away good tokens."""
    with reserved_port() as port:
        async with RecordingUpstream() as upstream, TokenSigner() as signer:
            signer.status = 500
            config = short_config(port, upstream.url, signer.issuer)
            async with running_gateway(config) as gateway:
                token = signer.token(f"http://127.0.0.1:{port}/mcp", header=None, key=None)
                response = await exchange(port, post(port, CALL, token=token))

                assert await get(gateway.admin_port, "/readyz") == 503
                assert response.status == 503
                assert response.value("Retry-After") is not None
                upstream.assert_untouched()


async def test_a_request_under_way_is_finished_when_the_gateway_ends() -> None:
    with reserved_port() as port:
        async with RecordingUpstream() as upstream, TokenSigner() as signer:
            upstream.replies.append(None)
            token = signer.token(f"http://127.0.0.1:{port}/mcp", header=None, key=None)
            config = short_config(port, upstream.url, signer.issuer)
            async with asyncio.TaskGroup() as group, running_gateway(config) as gateway:
                answer = group.create_task(exchange(port, post(port, CALL, token=token)))
                await upstream.wait_for_request()
                group.create_task(reply_while_draining(gateway, upstream))

            assert answer.result().status == 200


async def reply_while_draining(gateway: Serving, upstream: RecordingUpstream) -> None:
    while not gateway.observers.readiness.draining:  # noqa: ASYNC110  # nothing tells of it
        await asyncio.sleep(0)
    await upstream.send(json_reply(b"{}"))


async def test_a_port_that_is_taken_is_an_error_of_the_system() -> None:
    async with running_rig() as rig:
        config = short_config(rig.port, rig.upstream.url, rig.signer.issuer)
        with pytest.raises(OSError, match="address already in use"):
            async with running_gateway(config):
                raise AssertionError


@pytest.mark.requirement("U12")
async def test_the_log_tells_of_start_and_end(capfd: pytest.CaptureFixture[str]) -> None:
    async with running_rig() as rig:
        lines = await lines_until(capfd, "ready")
        issuer = rig.signer.issuer
    lines += read_lines(capfd)

    # A machine may well have fewer descriptors than the defaults want, and is told so.
    told = [line["message"] for line in lines if "descriptors" not in str(line["message"])]
    assert told == ["starting", "listening", "ready", "draining", "stopped"]
    assert lines[0]["servers"] == ["mcp"]
    assert lines[0]["issuers"] == {"default": issuer}
    assert {"version", "config"} <= lines[0].keys()


def read_lines(capfd: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    written = capfd.readouterr()
    assert "mcp_request" not in written.err
    return [json.loads(line) for line in written.err.splitlines()]


async def lines_until(capfd: pytest.CaptureFixture[str], message: str) -> list[dict[str, object]]:
    lines: list[dict[str, object]] = []
    async with asyncio.timeout(5):
        while not any(line["message"] == message for line in lines):
            await asyncio.sleep(0.01)
            lines += read_lines(capfd)
    return lines


@pytest.mark.requirement("U12")
@pytest.mark.parametrize(("need", "status"), [("any", 503), ("all", 503), ("ignore", 200)])
async def test_a_server_that_is_down_keeps_traffic_away_as_the_operator_says(
    capfd: pytest.CaptureFixture[str], need: str, status: int
) -> None:
    admin = f'admin: {{listen: "127.0.0.1:0", readiness: {{upstreams: {need}}}}}\n'
    with reserved_port() as port, reserved_port() as nobody:
        async with TokenSigner() as signer:
            config = short_config(port, f"http://127.0.0.1:{nobody}/mcp", signer.issuer, more=admin)
            async with running_gateway(config) as gateway:
                lines = await lines_until(capfd, "upstream cannot be reached")
                found = await get(gateway.admin_port, "/readyz")

    assert found == status
    assert [line for line in lines if line.get("server") == "mcp"]


@pytest.mark.requirement("U12")
@pytest.mark.parametrize(("need", "status"), [("any", 200), ("all", 503)])
async def test_one_issuer_of_two_that_is_away_keeps_traffic_away_only_when_asked_to(
    need: str, status: int
) -> None:
    admin = f'admin: {{listen: "127.0.0.1:0", readiness: {{issuers: {need}}}}}\n'
    with reserved_port() as port:
        async with RecordingUpstream() as upstream, TokenSigner() as one, TokenSigner() as away:
            away.status = 500
            config = f"""\
listen: 127.0.0.1:{port}
public_url: http://127.0.0.1:{port}
issuers: {{one: {{issuer: "{one.issuer}"}}, away: {{issuer: "{away.issuer}"}}}}
servers: {{mcp: {{upstream: {{url: "{upstream.url}"}}, allow: any}}}}
{admin}"""
            async with running_gateway(config) as gateway:
                request = f"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:{gateway.admin_port}\r\n\r\n"
                answer = await exchange(gateway.admin_port, request.encode())
                assert answer.status == status
                condition = json.loads(answer.body)["conditions"]["issuer away"]
                assert condition.get("needed", True) == (status == 503)
                token = one.token(f"http://127.0.0.1:{port}/mcp", header=None, key=None)
                response = await exchange(port, post(port, CALL, token=token))
                assert response.status == 200
