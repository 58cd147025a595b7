"""One client connection: what bytes mean in each phase, and how each phase ends."""

import asyncio

import pytest

from gateway.http.reply import Reply
from gateway.proxy.inbound.client_request import ClientRequest
from gateway.proxy.inbound.connection import WRITE_BUFFER_BYTES
from tests.support.raw_http import raw_connection
from tests.unit.proxy.inbound.listening import (
    BODY,
    CALL,
    GET,
    LIMIT_S,
    SOON,
    chunked,
    deaf,
    echo,
    gone,
    last_response,
    listening,
    post,
    read_bodies,
    refuse,
    settle,
)

LONG = b"x" * 5000


async def test_requests_follow_each_other_on_one_connection() -> None:
    async with listening() as served, raw_connection(served.port) as client:
        for _ in range(3):
            await client.send(post())
            response = await client.read_response()

            assert (response.status, response.body) == (200, b"POST /p " + CALL)
            assert response.value("Connection") is None


@pytest.mark.requirement("170")
async def test_requests_that_come_at_once_are_answered_in_their_order() -> None:
    together = GET + post() + chunked() + post(b"") + GET + post(b"x" * 100)
    async with listening() as served, raw_connection(served.port) as client:
        await client.send(together)

        assert await read_bodies(client, 6) == [
            b"GET /a ",
            b"POST /p " + CALL,
            b"POST /p " + CALL,
            b"POST /p ",
            b"GET /a ",
            b"POST /p " + b"x" * 100,
        ]


@pytest.mark.parametrize("request_", [GET, post(), post(b""), chunked(), b"\r\n" + post()])
async def test_a_request_may_be_cut_anywhere(request_: bytes) -> None:
    async with listening() as served, raw_connection(served.port) as client:
        await client.send(request_)
        whole = await client.read_response()
        for cut in range(1, len(request_)):
            await client.send(request_[:cut])
            await settle()
            await client.send(request_[cut:])

            assert await client.read_response() == whole


@pytest.mark.parametrize("first", [post(), chunked(), GET])
async def test_what_follows_a_request_may_be_cut_anywhere(first: bytes) -> None:
    """Its own body is in the second segment, or the first's is."""
    both = first + post(b"second")
    async with listening() as served, raw_connection(served.port) as client:
        for cut in range(1, len(both)):
            await client.send(both[:cut])
            await settle()
            await client.send(both[cut:])

            assert (await read_bodies(client, 2))[1] == b"POST /p second"


async def test_a_request_may_drip() -> None:
    async with listening() as served, raw_connection(served.port) as client:
        for byte in post() + chunked():
            await client.send(bytes([byte]))
            await settle()

        assert await read_bodies(client, 2) == [b"POST /p " + CALL] * 2


async def test_a_head_that_is_repeated_may_bring_another_length() -> None:
    async with listening() as served, raw_connection(served.port) as client:
        for body in (b"a", b"x" * 100_000, b"ab", b"", b"abc"):
            await client.send(post(body))

            assert await read_bodies(client, 1) == [b"POST /p " + body]


async def test_a_request_waits_for_the_answer_before_it() -> None:
    begun: list[str] = []
    let_go = asyncio.Event()

    async def slow(request: ClientRequest) -> None:
        begun.append(request.head.method)
        await let_go.wait()
        await echo(request)

    async with listening(slow) as served, raw_connection(served.port) as client:
        await client.send(post() + GET)
        await settle()
        assert begun == ["POST"]
        let_go.set()

        assert await read_bodies(client, 2) == [b"POST /p " + CALL, b"GET /a "]


async def test_many_requests_that_are_answered_at_once_nest_nothing() -> None:
    async with listening(refuse) as served, raw_connection(served.port) as client:
        await client.send(GET * 3000)

        assert {(await client.read_response()).status for _ in range(3000)} == {401}


async def test_who_sends_many_requests_at_once_keeps_nobody_waiting() -> None:
    served_paths: list[str] = []

    async def note(request: ClientRequest) -> None:
        served_paths.append(request.head.path)
        await refuse(request)

    async with (
        listening(note) as served,
        raw_connection(served.port) as many,
        raw_connection(served.port) as one,
    ):
        await settle()
        many.writer.write(GET * 2000)
        one.writer.write(GET.replace(b"/a", b"/b"))
        await one.read_response()
        assert {(await many.read_response()).status for _ in range(2000)} == {401}

    assert served_paths.index("/b") < 500


@pytest.mark.requirement("171")
@pytest.mark.parametrize("request_", [post(LONG), chunked(b"1388\r\n" + LONG + b"\r\n0\r\n\r\n")])
async def test_after_an_early_answer_the_rest_of_the_body_is_skipped(request_: bytes) -> None:
    async with listening(refuse) as served, raw_connection(served.port) as client:
        for cut in (-5000, -2500, -4, -2):
            await client.send(request_[:cut])
            assert (await client.read_response()).status == 401
            for piece in (request_[cut : cut // 2], request_[cut // 2 :]):
                await settle()
                await client.send(piece)
            await client.send(GET)

            assert (await client.read_response()).status == 401


@pytest.mark.requirement("H4")
@pytest.mark.parametrize("broken", [b"zz\r\n", b"3\r\nabcd\r\n", b"3\nabc"])
async def test_after_a_broken_body_there_is_no_next_request(broken: bytes) -> None:
    """What stands where the framing broke would be a request to one reader only."""
    async with listening(refuse) as served, raw_connection(served.port) as client:
        response = await last_response(client, chunked(broken) + b"0\r\n\r\n" + GET)

        assert response.status == 401


@pytest.mark.requirement("H4")
async def test_a_body_that_breaks_while_it_is_skipped_ends_the_connection() -> None:
    async with listening(refuse) as served, raw_connection(served.port) as client:
        await client.send(chunked(b"3\r\n"))
        assert (await client.read_response()).status == 401
        await client.send(b"abcd\r\n0\r\n\r\n" + GET)

        assert await client.is_closed()


@pytest.mark.requirement("H4")
@pytest.mark.parametrize("cut", [0, 1, 2, 3])
async def test_a_broken_body_is_refused_wherever_it_breaks(cut: int) -> None:
    request = chunked(b"zz\r\n")
    async with listening() as served, raw_connection(served.port) as client:
        await client.send(request[: len(request) - cut])
        await settle()

        assert (await last_response(client, request[len(request) - cut :] + GET)).status == 400


@pytest.mark.requirement("180")
async def test_a_body_that_grows_too_large_ends_the_connection() -> None:
    async with listening() as served, raw_connection(served.port) as client:
        piece = b"%x\r\n" % 70_000 + b"x" * 70_000 + b"\r\n"
        await client.send(chunked(piece))

        assert (await last_response(client, piece * 2 + b"0\r\n\r\n" + GET)).status == 413


async def test_what_nobody_wants_yet_waits_outside() -> None:
    """A client that may not call at all fills no memory while that is found out."""
    let_go = asyncio.Event()

    async def slow(request: ClientRequest) -> None:
        await let_go.wait()
        await echo(request)

    body = b"x" * 199_000
    async with listening(slow) as served, raw_connection(served.port) as client:
        connection = await served.connection()
        await client.send(post(body))
        async with asyncio.timeout(LIMIT_S):
            while connection.transport.is_reading():  # noqa: ASYNC110  # nothing tells of it
                await asyncio.sleep(0)
        let_go.set()

        assert await read_bodies(client, 1) == [b"POST /p " + body]


@pytest.mark.requirement("H3", "H12")
@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /a HTTP/1.1\nHost: h\n\n", 400),
        (b"\x16\x03\x01", 400),
        (b"GET /" + b"a" * 20_000, 431),
        (GET.replace(b"Host: h", b"X: y"), 400),
        (GET.replace(b"/a", b"/a/../b"), 400),
        (GET.replace(b"1.1", b"2.0"), 505),
        (post(CALL, b"Transfer-Encoding: chunked"), 400),
        (post(CALL, b"Expect: a cookie"), 417),
    ],
)
async def test_a_head_that_is_refused_ends_the_connection(request_: bytes, status: int) -> None:
    async with listening() as served, raw_connection(served.port) as client:
        assert (await last_response(client, request_ + GET)).status == status


async def test_only_one_empty_line_before_a_request_is_forgiven() -> None:
    """RFC 9112 §2.2."""
    async with listening() as served, raw_connection(served.port) as client:
        await client.send(b"\r\n" + GET + b"\r\n" + GET)
        assert await read_bodies(client, 2) == [b"GET /a "] * 2

        assert (await last_response(client, b"\r\n\r\n" + GET)).status == 400


@pytest.mark.requirement("A6")
@pytest.mark.parametrize(
    "request_",
    [
        GET.replace(b"1.1", b"1.0"),
        GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        post(CALL, b"Connection: close"),
        GET.replace(b"\r\n\r\n", b"\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
    ],
)
async def test_nothing_follows_a_request_that_says_so(request_: bytes) -> None:
    async with listening() as served, raw_connection(served.port) as client:
        assert (await last_response(client, request_ + GET)).status == 200


async def test_an_answer_that_says_so_is_the_last() -> None:
    async def close(request: ClientRequest) -> None:
        request.reply(Reply(200, []), keep_alive=False)

    async with listening(close) as served, raw_connection(served.port) as client:
        assert (await last_response(client, GET + GET)).status == 200


async def test_a_request_that_nobody_answers_ends_the_connection() -> None:
    async def forget(request: ClientRequest) -> None:
        pass

    async with listening(forget) as served, raw_connection(served.port) as client:
        await client.send(GET)

        assert await client.is_closed()


async def test_who_still_sends_is_read_from_until_he_has_the_answer() -> None:
    """RFC 9112 §9.6: closed with bytes unread, the connection is reset before it is read."""
    async with listening() as served, raw_connection(served.port) as client:
        connection = await served.connection()
        await client.send(b"nonsense\r\n")
        assert await client.reader.readuntil(b" ") == b"HTTP/1.1 "
        for _ in range(3):
            await client.send(b"x" * 100_000)

        assert (await client.reader.read()).startswith(b"400 ")
        assert not connection.transport.is_closing()
        client.writer.close()
        await gone(connection)


@pytest.mark.requirement("A1")
async def test_who_does_not_read_gets_no_further_answer_and_is_dropped() -> None:
    answers = 0

    async def answer(request: ClientRequest) -> None:
        nonlocal answers
        answers += 1
        request.reply(Reply(200, [], b"x" * 16_000))

    async with listening(answer, write_stall_s=SOON) as served, deaf(served.port) as client:
        await asyncio.get_running_loop().sock_sendall(client, GET * 5000)
        connection = await served.connection()
        most = 0
        async with asyncio.timeout(LIMIT_S):
            while not connection.transport.is_closing():
                most = max(most, connection.transport.get_write_buffer_size())
                await asyncio.sleep(0)

        assert 0 < most <= WRITE_BUFFER_BYTES + 17_000
        assert answers < 5000
        assert (connection.has_stalled, served.stalls) == (True, 1)


@pytest.mark.requirement("A1")
async def test_who_reads_slowly_is_not_dropped() -> None:
    async def answer(request: ClientRequest) -> None:
        request.reply(Reply(200, [], b"x" * 8_000_000))

    async with (
        listening(answer, write_stall_s=SOON) as served,
        raw_connection(served.port) as client,
    ):
        await client.send(GET)
        connection = await served.connection()
        head = await client.read_head()
        left = int(head.value("Content-Length") or "")
        was_paused = False
        while left > 0:  # in all longer than a stall may last
            was_paused |= connection.is_paused
            left -= len(await client.reader.read(200_000))
            await asyncio.sleep(0.005)

        assert was_paused
        assert not connection.has_stalled


async def test_a_client_that_is_gone_cancels_its_request() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def hang(request: ClientRequest) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async with listening(hang) as served:
        async with raw_connection(served.port) as client:
            await client.send(GET)
            await begun.wait()

        await asyncio.wait_for(cancelled.wait(), LIMIT_S)


@pytest.mark.parametrize("sent", [post()[:-1], chunked()[:-1]])
async def test_a_body_that_ends_too_early_is_never_read(sent: bytes) -> None:
    """RFC 9112 §8: it is incomplete, so nothing is done for it."""
    outcomes: list[str] = []

    async def read(request: ClientRequest) -> None:
        try:
            await request.body(BODY)
        except asyncio.CancelledError:
            outcomes.append("cancelled")
            raise

    async with listening(read) as served, raw_connection(served.port) as client:
        await client.send(sent)
        client.writer.write_eof()

        assert await client.is_closed()
        await gone(served.connections[0])
    assert outcomes == ["cancelled"]


async def test_whoever_ends_his_half_still_gets_what_is_ready() -> None:
    async with listening() as served, raw_connection(served.port) as client:
        await client.send(post())
        client.writer.write_eof()

        assert await read_bodies(client, 1) == [b"POST /p " + CALL]
        assert await client.is_closed()
