"""Bytes behind a request at which the parser stops never become a request of their own."""

import asyncio

import pytest

from tests.support.raw_http import post, raw_connection
from tests.support.rig import running_rig

VICTIM = b"DELETE /mcp HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %b\r\n\r\n"
UPGRADES = [
    b"Upgrade: foo\r\nConnection: Upgrade\r\n",
    b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n",
    b"Connection: keep-alive, upgrade\r\nUpgrade: h2c\r\n",
    b"Upgrade: websocket\r\nConnection: Upgrade\r\n",
]


@pytest.mark.requirement("A6")
@pytest.mark.parametrize("upgrade", UPGRADES)
@pytest.mark.parametrize("method", ["GET", "POST", "CONNECT"])
async def test_what_follows_an_ignored_upgrade_is_not_read(upgrade: bytes, method: str) -> None:
    """RFC 9110 §7.8: an Upgrade may be ignored; llhttp stops at it all the same."""
    async with running_rig() as rig, raw_connection(rig.port) as client:
        smuggled = VICTIM % (rig.port, rig.token().encode())
        outer = post(rig.port, b"x" * 10 + smuggled, token=rig.token())
        first = outer.removesuffix(smuggled)
        body = b"Content-Length: 2\r\n\r\n{}" if method == "POST" else b"\r\n"
        opening = rig.request(method, "/health", headers=upgrade).removesuffix(b"\r\n") + body

        await client.send(opening + first)
        response = await client.read_response()
        await client.send(smuggled)

        assert response.status in (200, 400, 404, 405)
        assert response.value("Connection") == "close"
        assert await client.is_closed()
        rig.upstream.assert_untouched()


@pytest.mark.requirement("A6")
async def test_a_call_with_an_upgrade_that_is_ignored_is_served() -> None:
    """Java's HTTP client offers h2c with every first request."""
    async with running_rig() as rig:
        response = await rig.call(headers=UPGRADES[1])

        assert response.status == 200
        assert response.value("Connection") == "close"
        assert len(rig.upstream.requests) == 1


@pytest.mark.requirement("A6")
async def test_the_admin_listener_does_not_read_on_either() -> None:
    async with running_rig() as rig, raw_connection(rig.admin_port) as client:
        opening = rig.request("GET", "/healthz", headers=UPGRADES[0])
        smuggled = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        await client.send(opening + smuggled[:30])
        assert (await client.read_response()).status == 200

        await client.send(smuggled)

        assert await client.is_closed()


@pytest.mark.requirement("A6")
async def test_a_connection_that_asks_for_no_upgrade_goes_on() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        for headers in (b"Upgrade: foo\r\n", b"Connection: keep-alive\r\n"):
            await client.send(rig.request("OPTIONS", "/mcp", headers=headers))
            async with asyncio.timeout(5):
                assert (await client.read_response()).value("Connection") is None
