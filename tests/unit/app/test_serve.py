"""The gateway as a whole: it starts, waits for keys, drains and ends."""

import asyncio
import json

import pytest

from tests.support.raw_http import exchange
from tests.support.rig import running_rig


async def get(port: int, path: str) -> int:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    return (await exchange(port, request.encode())).status


async def test_a_gateway_with_keys_is_ready() -> None:
    async with running_rig() as rig:
        assert await get(rig.admin_port, "/readyz") == 200


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
