"""The public listener: late heads, too many connections, malformed requests."""

import logging

import pytest
from aiohttp.web import BaseRequest, StreamResponse

from gateway.proxy.inbound.listener import GatewayServer, ListenerLimits, require_c_parser
from gateway.proxy.limits.caller import network_of
from tests.support.raw_http import raw_connection
from tests.support.rig import running_rig

IMPATIENT = "limits: {header_timeout: 200ms}\n"


def test_the_c_parser_is_there() -> None:
    require_c_parser()


@pytest.mark.requirement("H15")
async def test_a_head_that_does_not_come_ends_the_connection() -> None:
    async with running_rig(IMPATIENT) as rig, raw_connection(rig.port) as client:
        await client.send(b"POST /mcp HTTP/1.1\r\nHost: a\r\n")

        assert await client.is_closed()
        rig.upstream.assert_untouched()


@pytest.mark.requirement("H15")
async def test_silence_ends_the_connection() -> None:
    async with running_rig(IMPATIENT) as rig, raw_connection(rig.port) as client:
        assert await client.is_closed()


async def test_the_second_head_of_a_connection_must_be_in_time_too() -> None:
    async with running_rig(IMPATIENT) as rig, raw_connection(rig.port) as client:
        await client.send(rig.request("GET", "/health"))
        assert (await client.read_response()).status == 200
        await client.send(b"GET /health HTTP/1.1\r\n")

        assert await client.is_closed()


async def test_one_connection_too_many_is_dropped() -> None:
    limit = "limits: {connections_per_address: 1}\n"
    async with running_rig(limit) as rig, raw_connection(rig.port) as first:
        await first.send(rig.request("GET", "/health"))
        assert (await first.read_response()).status == 200

        async with raw_connection(rig.port) as second:
            assert await second.is_closed()


@pytest.mark.requirement("20", "O6")
async def test_a_malformed_request_is_neither_echoed_nor_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """aiohttp's own answer and log line hold the whole Authorization header."""
    caplog.set_level(logging.DEBUG)
    async with running_rig() as rig:
        canary = "canary-3f9a"
        request = f"POST /mcp HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {canary}\x01\r\n\r\n"

        response = await rig.send(request.encode("latin-1"))

        assert response.status == 400
        assert canary.encode() not in response.body
        assert canary not in caplog.text
        rig.upstream.assert_untouched()


@pytest.mark.requirement("175")
async def test_a_long_request_line_is_read_and_an_endless_one_refused() -> None:
    async with running_rig() as rig:
        long = await rig.send(rig.request("GET", "/health?" + "a" * 8000))
        endless = await rig.send(rig.request("GET", "/health?" + "a" * 40000))

        assert (long.status, endless.status) == (200, 431)


async def _unused(request: BaseRequest) -> StreamResponse:
    raise AssertionError


@pytest.mark.requirement("A7")
@pytest.mark.parametrize(
    ("address", "is_full"),
    [
        ("2001:db8::2", True),
        ("2001:db8:0:1::1", False),
        ("192.0.2.1", True),
        ("::ffff:192.0.2.1", True),
        ("192.0.2.2", False),
    ],
)
async def test_a_network_has_the_connections_of_one_address(address: str, *, is_full: bool) -> None:
    limits = ListenerLimits(10, 1, 1.0, 1.0, 1.0)
    server = GatewayServer(_unused, limits, lambda status, address: None, lambda: None)
    server.per_address.update([network_of("2001:db8::1"), network_of("192.0.2.1")])

    assert server.is_full(address) is is_full
