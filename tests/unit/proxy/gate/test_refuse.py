"""Answering a request that ends at the gateway."""

import json

import pytest

from tests.support.recording_upstream import chunk, event_stream_head
from tests.support.rig import running_rig


@pytest.mark.requirement("72", "77")
async def test_a_refusal_is_a_json_rpc_error_with_a_challenge() -> None:
    async with running_rig() as rig:
        response = await rig.send(rig.request("POST", "/mcp"))

        assert response.status == 401
        assert json.loads(response.body)["error"]["code"] == -32001
        assert response.value("Cache-Control") == "no-store"
        assert (response.challenge or "").startswith("Bearer ")
        rig.upstream.assert_untouched()


async def test_a_browser_gets_a_page_and_the_challenge() -> None:
    async with running_rig() as rig:
        response = await rig.send(
            rig.request("GET", "/mcp", headers=b"Accept: text/html,application/xhtml+xml\r\n")
        )

        assert response.status == 401
        assert (response.value("Content-Type") or "").startswith("text/html")
        assert b"claude mcp add" in response.body
        assert "frame-ancestors 'none'" in (response.value("Content-Security-Policy") or "")
        assert response.challenge is not None


@pytest.mark.requirement("74")
async def test_credentials_in_two_places_are_a_bad_request_with_a_challenge() -> None:
    async with running_rig() as rig:
        twice = f"Authorization: Bearer {rig.token()}\r\n".encode() * 2

        response = await rig.send(rig.request("GET", "/mcp", headers=twice))

        assert response.status == 400
        assert 'error="invalid_request"' in (response.challenge or "")
        rig.upstream.assert_untouched()


@pytest.mark.requirement("U7")
@pytest.mark.parametrize(
    "server",
    [
        "tools: {gateway: [cli_status], anonymous: true}",
        "allow: anonymous",
        "rules: [{tools: [a], allow: anonymous}]",
        "allow: {groups: [ops]}",
    ],
)
async def test_a_browser_gets_the_page_under_every_setting(server: str) -> None:
    async with running_rig(server=f"{server}, resource_name: Acme Wiki") as rig:
        response = await rig.send(rig.request("GET", "/mcp", headers=b"Accept: text/html,*/*\r\n"))

        assert (response.value("Content-Type") or "").startswith("text/html")
        assert b"<h1>Acme Wiki is an MCP server</h1>" in response.body
        assert b"claude mcp add --transport http acme-wiki " in response.body
        rig.upstream.assert_untouched()


@pytest.mark.requirement("U7")
async def test_a_client_that_takes_pages_too_still_gets_its_stream() -> None:
    async with running_rig(server="allow: anonymous") as rig:
        rig.upstream.replies.append(event_stream_head() + chunk(b"data: 1\n\n") + chunk(b""))
        headers = b"Accept: text/event-stream, text/html\r\n"

        response = await rig.send(rig.request("GET", "/mcp", headers=headers))

        assert response.status == 200
