"""Debian's Prometheus scrapes the running gateway."""

import subprocess
from pathlib import Path

import pytest
from aiohttp import ClientSession

from tests.support.programs import required_program
from tests.support.prometheus import running_prometheus
from tests.support.rig import Rig, running_rig

ADMIN_PATHS = ("/metrics", "/livez", "/readyz", "/healthz")
GOOD_CALLS = 'mcpgw_mcp_requests_total{method="tools/call", outcome="ok"}'
MISSING = 'mcpgw_auth_decisions_total{decision="deny", reason="missing"}'


async def get(rig: Rig, path: str) -> str:
    url = f"http://127.0.0.1:{rig.admin_port}{path}"
    async with ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_prometheus_sees_who_got_in_and_who_did_not(tmp_path: Path) -> None:
    async with running_rig() as rig, running_prometheus(tmp_path, rig.admin_port) as prometheus:
        assert (await rig.call()).status == 200
        assert (await rig.send(rig.request("GET", "/mcp"))).status == 401

        await prometheus.wait_for("up", 1)
        await prometheus.wait_for(GOOD_CALLS, 1)
        await prometheus.wait_for(MISSING, 1)
        await prometheus.wait_for("mcpgw_upstream_up", 1)
        await prometheus.wait_for("mcpgw_jwks_keys > bool 0", 1)
        await prometheus.wait_for("mcpgw_gateway_overhead_seconds_count > bool 0", 1)


async def test_promtool_finds_nothing_to_improve() -> None:
    promtool = required_program("promtool", "Debian package prometheus")
    async with running_rig() as rig:
        await rig.call()
        await rig.send(rig.request("GET", "/mcp"))
        text = await get(rig, "/metrics")

    checked = subprocess.run(  # noqa: S603, ASYNC221  # a program of Debian's; nothing else runs
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


@pytest.mark.requirement("20", "O6")
async def test_no_token_shows_on_the_admin_listener() -> None:
    async with running_rig() as rig:
        token = rig.token()
        await rig.call(token=token)
        await rig.call(token=token + "x")
        text = await get(rig, "/metrics")
        text += await get(rig, "/")

    assert "bad_signature" in text
    assert not [part for part in token.split(".") if part in text]


@pytest.mark.requirement("O3")
async def test_admin_paths_are_not_on_the_public_listener() -> None:
    async with running_rig() as rig:
        answers = [await rig.send(rig.request("GET", path)) for path in ADMIN_PATHS]
        rig.upstream.assert_untouched()

    assert {answer.status for answer in answers} == {404}
