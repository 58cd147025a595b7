"""The public listener: late heads, too many connections, malformed requests."""

import asyncio
import contextlib
import logging
from ipaddress import ip_network

import pytest

from gateway.errors import RequestTimeout
from gateway.http.reply import Reply
from gateway.proxy.gate.client import BodyLimits
from gateway.proxy.inbound.client_request import ClientRequest
from tests.support.raw_http import raw_connection
from tests.support.rig import running_rig
from tests.unit.proxy.inbound.listening import (
    BODY,
    CALL,
    GET,
    LIMIT_S,
    SOON,
    chunked,
    echo,
    gone,
    last_response,
    listening,
    post,
    read_bodies,
    refuse,
    settle,
)

IMPATIENT = "limits: {header_timeout: 200ms}\n"


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
        await client.send(rig.request("OPTIONS", "/mcp"))
        assert (await client.read_response()).status == 204
        await client.send(b"GET /health HTTP/1.1\r\n")

        assert await client.is_closed()


async def test_one_connection_too_many_is_dropped() -> None:
    limit = "limits: {connections_per_address: 1}\n"
    async with running_rig(limit) as rig, raw_connection(rig.port) as first:
        await first.send(rig.request("OPTIONS", "/mcp"))
        assert (await first.read_response()).status == 204

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


@pytest.mark.requirement("H15")
@pytest.mark.parametrize("sent", [b"", b"\r\n", GET[:-1], GET + b"\r\n", GET + GET[:3]])
async def test_a_head_has_its_time(sent: bytes) -> None:
    async with listening(header_timeout_s=SOON) as served, raw_connection(served.port) as client:
        await client.send(sent)
        if sent.startswith(GET):
            await client.read_response()

        assert await client.is_closed()


@pytest.mark.requirement("H15")
@pytest.mark.parametrize("sent", [GET, post(), chunked()])
async def test_a_connection_may_be_idle_for_a_time(sent: bytes) -> None:
    async with listening(keepalive_s=SOON) as served, raw_connection(served.port) as client:
        await client.send(sent)
        await client.read_response()

        assert await client.is_closed()


@pytest.mark.requirement("H15")
@pytest.mark.parametrize("limits", [BodyLimits(100, SOON, 9.0), BodyLimits(100, 9.0, SOON)])
@pytest.mark.parametrize("sent", [post()[:-8], post()[:-1], chunked()[:-1], chunked()[:-30]])
async def test_a_body_has_its_time(limits: BodyLimits, sent: bytes) -> None:
    statuses: list[int] = []

    async def read(request: ClientRequest) -> None:
        try:
            await request.body(limits)
        except RequestTimeout as error:
            statuses.append(error.status)
            request.reply(Reply(408, []), keep_alive=False)

    # The clock ticks eight times within the shortest limit.
    async with (
        listening(read, header_timeout_s=SOON) as served,
        raw_connection(served.port) as client,
    ):
        assert (await last_response(client, sent)).status == 408
    assert statuses == [408]


async def test_serving_has_no_time_limit_of_the_connection() -> None:
    async def slow(request: ClientRequest) -> None:
        await asyncio.sleep(0.15)  # longer than every limit of the connection
        await echo(request)

    short = {"header_timeout_s": 0.05, "keepalive_s": 0.05}
    async with listening(slow, **short) as served, raw_connection(served.port) as client:
        await client.send(post())

        assert await read_bodies(client, 1) == [b"POST /p " + CALL]


@pytest.mark.requirement("171")
async def test_a_body_that_is_skipped_has_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.proxy.inbound.connection.LINGER_S", SOON)
    async with listening(refuse) as served, raw_connection(served.port) as client:
        await client.send(post(b"x", length=2))

        assert (await client.read_response()).status == 401
        assert await client.is_closed()


async def test_lingering_has_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.proxy.inbound.connection.LINGER_S", SOON)
    async with listening(header_timeout_s=SOON) as served, raw_connection(served.port) as client:
        connection = await served.connection()
        assert (await last_response(client, b"nonsense\r\n")).status == 400

        await gone(connection)


@pytest.mark.requirement("H15")
async def test_whoever_goes_on_sending_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.proxy.inbound.connection.LONGEST_LINGER_S", SOON)
    async with listening(header_timeout_s=SOON) as served, raw_connection(served.port) as client:
        connection = await served.connection()
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(LIMIT_S):
                while not connection.transport.is_closing():
                    await client.send(b"nonsense\r\n")
                    await asyncio.sleep(0.01)

        assert connection.transport.is_closing()


async def test_one_connection_too_many_is_dropped_and_counted() -> None:
    async with listening(connections_per_address=1) as served:
        async with raw_connection(served.port) as first, raw_connection(served.port) as second:
            assert await second.is_closed()
            await first.send(GET)
            assert (await first.read_response()).status == 200
        await gone(served.connections[0])
        async with raw_connection(served.port) as third:
            await third.send(GET)

            assert (await third.read_response()).status == 200
    assert served.refused == [503]


async def test_a_listener_that_drains_closes_what_is_idle_and_no_more() -> None:
    let_go = asyncio.Event()

    async def slow(request: ClientRequest) -> None:
        if request.head.method == "POST":
            await let_go.wait()
        await echo(request)

    async with (
        listening(slow) as served,
        raw_connection(served.port) as idle,
        raw_connection(served.port) as new,
        raw_connection(served.port) as busy,
    ):
        await idle.send(GET)
        await idle.read_response()
        await busy.send(post() + GET)
        await settle()
        served.listener.drain()
        assert await idle.is_closed()
        assert (await last_response(new, GET)).status == 200
        let_go.set()
        response = await busy.read_response()

        assert response.body == b"POST /p " + CALL
        assert response.value("Connection") == "close"
        assert await busy.is_closed()


async def test_a_listener_that_ends_cancels_what_is_under_way() -> None:
    begun = asyncio.Event()
    outcomes: list[str] = []

    async def hang(request: ClientRequest) -> None:
        begun.set()
        try:
            await request.body(BODY)
        except asyncio.CancelledError:
            outcomes.append("cancelled")
            raise

    async with listening(hang) as served, raw_connection(served.port) as client:
        await client.send(post()[:-1])
        await begun.wait()
        await served.listener.aclose(0)

        assert await client.is_closed()
    assert outcomes == ["cancelled"]


@pytest.mark.requirement("A7")
@pytest.mark.parametrize(
    ("address", "is_admitted"),
    [
        ("2001:db8::2", False),
        ("2001:db8:0:1::1", True),
        ("192.0.2.1", False),
        ("::ffff:192.0.2.1", False),
        ("192.0.2.2", True),
    ],
)
async def test_a_network_has_the_connections_of_one_address(
    address: str, *, is_admitted: bool
) -> None:
    async with listening(connections_per_address=1) as served:
        listener = served.listener
        counted = [(listener(), each) for each in ("2001:db8::1", "192.0.2.1", address)]
        try:
            assert [listener.admit(*each) for each in counted] == [True, True, is_admitted]
        finally:
            for each in counted:
                listener.forget(*each)


@pytest.mark.requirement("A7")
async def test_a_proxy_speaks_for_many_clients() -> None:
    proxies = (ip_network("192.0.2.0/24"),)
    async with listening(connections_per_address=1, proxies=proxies) as served:
        listener = served.listener
        counted = [(listener(), "192.0.2.1") for _ in range(3)]
        try:
            assert all(listener.admit(*each) for each in counted)
        finally:
            for each in counted:
                listener.forget(*each)
