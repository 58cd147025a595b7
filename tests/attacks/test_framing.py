"""Nobody smuggles: where a request's end is in doubt, the connection ends with it."""

import asyncio
import contextlib
import json

import pytest

from tests.attacks.cases import cases
from tests.attacks.framing_cases import (
    CHUNKED,
    CHUNKS,
    CODINGS,
    ENDLESS,
    FORWARDING,
    HEADS,
    JSON,
    LENGTHS,
    OLD_VERSION,
    ONE_CHUNK,
    SMUGGLED,
    SPACED,
    UNKNOWN_FORWARDING,
    UNKNOWN_METHODS,
    FramingAttack,
)
from tests.attacks.full_config import running_server
from tests.support.raw_http import RawConnection, RawResponse, post, raw_connection
from tests.support.rig import CALL, Rig, running_rig

IMPATIENT = "limits: {header_timeout: 300ms}\n"  # what waits for more is soon cut off


def fill(text: str, rig: Rig) -> bytes:
    good = post(rig.port, CALL, token=rig.token()).decode("latin-1")
    filled = text.replace("{good}", good).replace("{host}", f"127.0.0.1:{rig.port}")
    return filled.replace("{token}", rig.token()).encode("latin-1")


async def converse(client: RawConnection, request: bytes) -> RawResponse:
    """Send while reading: a refused peer may close before it has read all."""
    async with asyncio.TaskGroup() as group:
        answer = group.create_task(client.read_response())
        group.create_task(push(client, request))
    return answer.result()


async def push(client: RawConnection, request: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        await client.send(request)


def assert_refused(response: RawResponse, statuses: tuple[int, ...]) -> None:
    assert response.status in statuses
    error = json.loads(response.body)["error"]
    assert set(error) == {"code", "message", "data"}
    assert response.value("Connection") == "close"


@pytest.mark.requirement("H1", "H2", "H3", "H4", "164", "165", "166", "167", "168")
@pytest.mark.parametrize(
    "attack", cases(SMUGGLED, LENGTHS, CODINGS, [OLD_VERSION, SPACED], CHUNKS, HEADS)
)
async def test_a_doubtful_request_is_refused_with_its_connection(attack: FramingAttack) -> None:
    async with running_rig(IMPATIENT) as rig, raw_connection(rig.port) as client:
        response = await converse(client, fill(attack.request, rig))

        assert_refused(response, attack.statuses)
        assert rig.token().encode() not in response.body
        assert await client.is_closed()
        rig.upstream.assert_untouched()


@pytest.mark.requirement("H4", "H15", "169")
@pytest.mark.parametrize("body", ENDLESS.values(), ids=ENDLESS)
async def test_chunk_lines_without_an_end_run_out_of_time(body: str) -> None:
    async with (
        running_server("limits: {body_timeout: 200ms}") as rig,
        raw_connection(rig.port) as client,
    ):
        response = await converse(client, fill(CHUNKED + body, rig))

        assert_refused(response, (400, 408))
        assert await client.is_closed()
        rig.upstream.assert_untouched()


@pytest.mark.requirement("H4", "O6")
async def test_a_hundred_thousand_chunks_of_one_byte_are_one_body() -> None:
    body = b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"%b"}}' % (b"a" * 100_000)
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
    async with running_rig() as rig, raw_connection(rig.port) as client:
        started = asyncio.get_running_loop().time()
        response = await converse(client, fill(CHUNKED, rig) + chunks + b"0\r\n\r\n")

        assert response.status == 200
        assert rig.upstream.last.body == body
        assert asyncio.get_running_loop().time() - started < 2


@pytest.mark.requirement("H4", "169")
async def test_an_extension_is_ignored_and_the_length_counted_anew() -> None:
    body = b'%x;a=1;b="c"\r\n%b\r\n0\r\n\r\n' % (len(CALL), CALL)
    async with running_rig() as rig:
        response = await rig.send(fill(CHUNKED, rig) + body)

        assert response.status == 200
        assert rig.upstream.last.value("Content-Length") == str(len(CALL))
        assert rig.upstream.last.values("Transfer-Encoding") == []
        assert rig.upstream.last.body == CALL


@pytest.mark.requirement("H1", "H4")
@pytest.mark.parametrize("cut", [0, 1, 20])
async def test_a_trailer_joins_neither_its_request_nor_the_next(cut: int) -> None:
    """aiohttp's parser gives the trailers of one request to the one that comes with it."""
    trailers = b"0\r\nX-Smuggled: root\r\nAccept: text/html\r\n\r\n"
    async with running_rig() as rig, raw_connection(rig.port) as client:
        first = fill(CHUNKED + ONE_CHUNK, rig) + trailers
        both = first + fill("{good}", rig)
        await client.send(both[: len(first) - cut])
        await client.send(both[len(first) - cut :])

        assert [(await client.read_response()).status for _ in range(2)] == [200, 200]
        assert len(rig.upstream.requests) == 2
        assert b"root" not in rig.upstream.received
        assert b"text/html" not in rig.upstream.received


@pytest.mark.requirement("H1", "H10")
async def test_ten_thousand_pipelined_requests_wait_with_their_sender() -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        rig.upstream.replies.append(b"")  # the first is answered later
        flood = rig.request("GET", "/mcp?" + "a" * 1024) * 10_000
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(push(client, post(rig.port, CALL, token=rig.token())))
            await rig.upstream.wait_for_request()
            sending = group.create_task(push(client, flood))
            await asyncio.sleep(0.2)  # enough for one that still reads to take all
            assert not sending.done()
            await rig.upstream.send(rig.upstream.default_reply)
            answers = [(await client.read_response()).status for _ in range(1000)]
            client.writer.transport.abort()

        assert answers == [200] + [401] * 999
        assert len(rig.upstream.requests) == 1


@pytest.mark.requirement("H10")
@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "HEAD", "PUT"])
@pytest.mark.parametrize("chunked", [False, True])
async def test_the_body_of_another_method_is_no_request(method: str, chunked: bool) -> None:
    async with running_rig() as rig, raw_connection(rig.port) as client:
        inner = fill("{good}", rig)
        head = fill(JSON.replace("POST", method, 1), rig)
        length = b"Content-Length: %d\r\n\r\n%b" % (len(inner), inner)
        chunks = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(inner), inner)
        await client.send(head + (chunks if chunked else length))
        first = await client.read_response(to_head=method == "HEAD")
        await push(client, rig.request("GET", "/health"))
        second = await client.read_response()

        # Refused with the connection, or read to its end: the next answer is to the next request.
        assert (first.status, second.status) in [(400, 0), (204, 200), (405, 200)]
        rig.upstream.assert_untouched()


@pytest.mark.requirement("H12", "176")
async def test_a_good_token_buys_no_other_method() -> None:
    async with running_rig() as rig:
        for method in UNKNOWN_METHODS:
            head = JSON.replace("POST", method, 1) + "X-Canary: c4n4ry\r\n\r\n"
            response = await rig.send(fill(head, rig))

            assert response.status in (400, 405), method
            assert b"c4n4ry" not in response.body, method
            assert not rig.upstream.connections, method


@pytest.mark.requirement("H12", "176")
async def test_an_offer_of_http_2_is_ignored() -> None:
    """Java's client offers it with every first request."""
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n"
    async with running_rig() as rig:
        response = await rig.call(headers=offer)

        assert response.status == 200
        told = [rig.upstream.last.values(name) for name in ("Upgrade", "HTTP2-Settings")]
        assert told == [[], []]
        assert rig.upstream.last.value("Connection") is None


@pytest.mark.requirement("H12", "161")
async def test_spaces_in_the_request_line_are_not_passed_on() -> None:
    async with running_rig() as rig:
        good = post(rig.port, CALL, token=rig.token())

        await rig.send(good.replace(b"POST /mcp ", b"POST  /mcp ", 1))

        received = bytes(rig.upstream.received)
        assert not received or received.startswith(b"POST /mcp HTTP/1.1\r\n")


@pytest.mark.requirement("H8", "155")
@pytest.mark.parametrize("names", [FORWARDING, UNKNOWN_FORWARDING], ids=["known", "unknown"])
async def test_no_forwarding_header_moves_the_public_url(names: tuple[str, ...]) -> None:
    lines = "".join(f"{line}\r\n" for line in names).encode()
    async with running_rig() as rig:
        document = "/.well-known/oauth-protected-resource/mcp"
        challenged = await rig.send(rig.request("GET", "/mcp", headers=lines))
        described = await rig.send(rig.request("GET", document, headers=lines))
        await rig.call(headers=lines)

        assert f'resource_metadata="{rig.origin}{document}"' in (challenged.challenge or "")
        assert json.loads(described.body)["resource"] == rig.resource
        assert b"evil" not in challenged.body + described.body
        assert (b"evil.example" in rig.upstream.received) == (names is UNKNOWN_FORWARDING)
        assert rig.upstream.last.value("X-Forwarded-Host") == f"127.0.0.1:{rig.port}"


@pytest.mark.requirement("H8", "163")
async def test_the_absolute_form_is_the_same_place() -> None:
    async with running_rig() as rig:
        good = post(rig.port, CALL, token=rig.token())

        response = await rig.send(good.replace(b" /mcp", f" {rig.origin}/mcp".encode(), 1))

        assert response.status == 200
        assert rig.upstream.last.target == "/mcp"


@pytest.mark.requirement("H8", "26", "179")
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://127.0.0.1"])
async def test_a_foreign_page_is_refused_even_with_a_token(origin: str) -> None:
    async with running_rig() as rig:
        response = await rig.call(headers=f"Origin: {origin}\r\n".encode())

        assert response.status == 403
        assert response.value("Access-Control-Allow-Origin") is None
        rig.upstream.assert_untouched()
