"""What another protocol gets of a connection, and what the client gets of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from gateway.errors import GatewayError
from gateway.http.reply import error_reply
from gateway.proxy.gate.record import RequestRecord
from gateway.proxy.gate.route import Application
from gateway.proxy.inbound.client_request import ClientRequest
from gateway.proxy.inbound.handover import BODY, RECORD, request_bytes
from tests.support.heads import head
from tests.support.raw_http import raw_connection
from tests.unit.proxy.inbound.listening import (
    CALL,
    GET,
    LIMIT_S,
    Listening,
    chunked,
    deaf,
    listening,
    post,
)

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
SMUGGLED = b"POST /mcp HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\n" + CALL
GIVEN = b"POST /p HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 8\r\n\r\n" + CALL


class Answering(asyncio.Protocol):
    """Does with its transport, once it has read something, what a test says."""

    def __init__(self, answer: Callable[["Answering"], None]) -> None:
        self.read: list[bytes] = []
        self.pauses: list[bool] = []
        self.lost = asyncio.Event()
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.read.append(data)
        self._answer(self)

    def pause_writing(self) -> None:
        self.pauses.append(True)

    def resume_writing(self) -> None:
        self.pauses.append(False)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()


@dataclass(slots=True)
class HandingOver:
    """A listener that hands everything over, and the applications that got something."""

    served: Listening
    applications: list[Answering]
    handled: list[str] = field(default_factory=list)


def say(application: Answering, answer: bytes = ANSWER) -> None:
    record = application.transport.get_extra_info(RECORD)
    record.status = 200
    application.transport.write(answer)
    application.transport.close()


@asynccontextmanager
async def handing_over(answer: Callable[[Answering], None] = say) -> AsyncIterator[HandingOver]:
    applications: list[Answering] = []

    def connect() -> Answering:
        applications.append(Answering(answer))
        return applications[-1]

    async def handle(request: ClientRequest) -> None:
        found.handled.append(request.head.path)
        record = RequestRecord(request.head.method, request.trace)
        record.address = "198.51.100.7"
        try:
            await request.hand_over(request.head, Application({}, connect), record)
        except GatewayError as error:
            request.reply(error_reply(error), keep_alive=False)

    async with listening(handle) as served:
        found = HandingOver(served, applications)
        yield found


async def read_all(port: int, request: bytes) -> bytes:
    async with asyncio.timeout(LIMIT_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        answer = await reader.read()
        writer.close()
        return answer


@pytest.mark.requirement("H10")
@pytest.mark.parametrize("request_", [post(), chunked(), post(CALL, b"X-A: b")])
async def test_one_request_is_given_and_nothing_behind_it(request_: bytes) -> None:
    async with handing_over() as found:
        answer = await read_all(found.served.port, request_ + SMUGGLED + GET)

        assert answer == ANSWER
        assert found.handled == ["/p"]
        (application,) = found.applications
        assert [each.replace(b"X-A: b\r\n", b"") for each in application.read] == [GIVEN]


@pytest.mark.requirement("H10")
async def test_what_comes_after_the_handover_is_given_to_nobody() -> None:
    async with handing_over(lambda application: None) as found:
        async with raw_connection(found.served.port) as client:
            await client.send(post())
            async with asyncio.timeout(LIMIT_S):
                while not found.applications:  # noqa: ASYNC110  # nothing tells of it
                    await asyncio.sleep(0)
            await client.send(SMUGGLED)
            say(found.applications[0])

            assert (await client.read_response()).body == b"ok"
            assert await client.is_closed()
        assert found.applications[0].read == [GIVEN]
        assert found.handled == ["/p"]


async def test_a_client_that_waits_to_continue_is_told_before_the_application_reads() -> None:
    request = post(CALL, b"Expect: 100-continue")
    async with handing_over() as found, raw_connection(found.served.port) as client:
        await client.send(request.removesuffix(CALL))
        told = await client.read_head()
        assert (told.status, found.applications) == (100, [])
        await client.send(CALL)

        assert (await client.read_response()).body == b"ok"
        assert found.applications[0].read == [GIVEN]


@pytest.mark.requirement("H15")
async def test_a_body_that_is_too_large_reaches_no_application() -> None:
    async with handing_over() as found:
        head_alone = post(b"", length=BODY.max_bytes + 1)
        answer = await read_all(found.served.port, head_alone)

        assert answer.startswith(b"HTTP/1.1 413 ")
        assert not found.applications


async def test_what_a_protocol_says_of_a_request_that_it_refused_goes_nowhere() -> None:
    def refuse(application: Answering) -> None:
        application.transport.write(b"HTTP/1.1 400 Bad Request\r\n\r\nBearer s3cret")
        application.transport.close()

    async with handing_over(refuse) as found:
        answer = await read_all(found.served.port, GET)

        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"s3cret" not in answer


@pytest.mark.parametrize("end", ["close", "abort"])
async def test_an_application_that_says_nothing_ends_the_connection(end: str) -> None:
    async with handing_over(lambda application: getattr(application.transport, end)()) as found:
        async with raw_connection(found.served.port) as client:
            await client.send(GET)

            assert await client.is_closed()
        assert found.applications[0].lost.is_set()


async def test_an_application_is_told_when_its_client_is_gone() -> None:
    async with handing_over(lambda application: None) as found:
        async with raw_connection(found.served.port) as client:
            await client.send(GET)
            async with asyncio.timeout(LIMIT_S):
                while not found.applications:  # noqa: ASYNC110  # nothing tells of it
                    await asyncio.sleep(0)

        async with asyncio.timeout(LIMIT_S):
            await found.applications[0].lost.wait()
        assert found.applications[0].transport.is_closing()


async def test_an_application_waits_while_its_client_does_not_read() -> None:
    def begin(application: Answering) -> None:
        application.transport.get_extra_info(RECORD).status = 200
        application.transport.write(b"x" * 8_000_000)

    loop = asyncio.get_running_loop()
    async with handing_over(begin) as found, deaf(found.served.port) as client:
        await loop.sock_sendall(client, GET)
        async with asyncio.timeout(LIMIT_S):
            while not found.applications or not found.applications[0].pauses:  # noqa: ASYNC110
                await asyncio.sleep(0)
            assert found.applications[0].pauses == [True]
            while len(found.applications[0].pauses) == 1:
                await loop.sock_recv(client, 1_000_000)
        assert found.applications[0].pauses == [True, False]


async def test_an_application_sees_the_client_past_trusted_proxies() -> None:
    async with handing_over() as found:
        await read_all(found.served.port, GET)

        transport = found.applications[0].transport
        assert transport.get_extra_info("peername") == ("198.51.100.7", 0)
        assert transport.get_extra_info("socket") is not None
        assert transport.get_extra_info("nothing", 1) == 1


def test_a_judged_head_is_written_without_what_ends_at_the_gateway() -> None:
    sent = [
        ("Host", "other.example"),
        ("Connection", "keep-alive, X-Kept"),
        ("Keep-Alive", "5"),
        ("Upgrade", "h2c"),
        ("Transfer-Encoding", "chunked"),
        ("Expect", "100-continue"),
        ("Sec-WebSocket-Key1", "x"),
        ("X-Kept", "a"),
        ("Cookie", "b=c"),
    ]

    written = request_bytes(head("POST", "/p", "q=1", headers=sent), b"abc")

    assert written == (
        b"POST /p?q=1 HTTP/1.1\r\nHost: mcp.example.com\r\nConnection: close\r\n"
        b"X-Kept: a\r\nCookie: b=c\r\nContent-Length: 3\r\n\r\nabc"
    )


def test_a_host_as_a_whole_has_no_query() -> None:
    assert request_bytes(head("OPTIONS", "*"), b"").startswith(b"OPTIONS * HTTP/1.1\r\n")
