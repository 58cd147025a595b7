"""An application of the control plane, asked through the listener."""

import asyncio
import json

import pytest
from aiohttp import web

from gateway.app.control_plane.application import methods_by_path, new_application, route_path
from gateway.errors import IdentityUnavailable
from tests.support.raw_http import raw_connection
from tests.unit.app.control_plane.handing import ADDRESS, handing_to
from tests.unit.proxy.inbound.listening import CALL, LIMIT_S, chunked, post

HUGE = b"x" * 3_000_000


async def _hello(request: web.Request) -> web.Response:
    return web.json_response({"remote": request.remote, "host": request.host})


async def _echo(request: web.Request) -> web.Response:
    return web.Response(body=await request.read())


async def test_a_handler_sees_the_client_and_the_host_that_the_gate_found() -> None:
    app = new_application()
    app.router.add_get("/hello", _hello)

    async with handing_to(app) as handing:
        answer = await handing.get("/hello?x=%zz", b"X-Forwarded-For: 1.1.1.1\r\n")

        assert json.loads(answer.body) == {"remote": ADDRESS, "host": "mcp.example.com"}
        assert answer.value("X-Content-Type-Options") == "nosniff"
        assert answer.value("Connection") == "close"
        assert (answer.value("Server"), answer.value("Date")) == (None, None)
        assert [record.status for record in handing.records] == [200]


async def test_a_path_with_escapes_has_one_spelling() -> None:
    app = new_application()
    app.router.add_get(route_path(app, "/a%20b"), _hello)

    async with handing_to(app) as handing:
        answer = await handing.get("/a%20b")

        assert answer.status == 200
        assert methods_by_path(app) == {"/a%20b": {"GET", "HEAD"}}


async def test_an_error_is_answered_as_the_gate_answers_it_and_recorded() -> None:
    async def refuse(request: web.Request) -> web.Response:
        raise IdentityUnavailable("Later.")

    app = new_application()
    app.router.add_get("/", refuse)

    async with handing_to(app) as handing:
        answer = await handing.get()
        record = handing.records[0]

        assert answer.status == record.status == 503
        assert json.loads(answer.body)["error"]["message"] == "Later."
        assert answer.value("X-Request-Id") == record.request_id
        assert record.reason == IdentityUnavailable("").reason


async def test_an_unexpected_error_tells_nothing_of_itself() -> None:
    async def fail(request: web.Request) -> web.Response:
        raise ValueError("s3cret")

    app = new_application()
    app.router.add_get("/", fail)

    async with handing_to(app) as handing:
        answer = await handing.get()

        assert answer.status == 500
        assert b"s3cret" not in answer.body
        assert handing.records[0].request_id.encode() in answer.body


async def test_a_redirect_is_one() -> None:
    async def move(request: web.Request) -> web.Response:
        raise web.HTTPFound("/b")

    app = new_application()
    app.router.add_get("/", move)

    async with handing_to(app) as handing:
        answer = await handing.get()

    assert (answer.status, answer.value("Location")) == (302, "/b")


@pytest.mark.parametrize(
    "request_",
    [
        post(b"abc"),
        chunked(b"1;x=y\r\na\r\n2\r\nbc\r\n0\r\nX: y\r\n\r\n"),
        post(b"abc", b"Content-Encoding: gzip"),
        post(b"abc", b"Expect: 100-continue"),
    ],
)
async def test_a_body_arrives_whole_however_it_was_framed(request_: bytes) -> None:
    app = new_application()
    app.router.add_post("/p", _echo)

    async with handing_to(app) as handing, raw_connection(handing.port) as client:
        await client.send(request_)
        answer = await client.read_response()

    assert (answer.status, answer.body) == (200, b"abc")


async def test_a_long_answer_waits_for_a_client_that_reads_slowly() -> None:
    async def long(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for start in range(0, len(HUGE), 10_000):
            await response.write(HUGE[start : start + 10_000])
        return response

    app = new_application()
    app.router.add_get("/", long)

    async with handing_to(app) as handing:
        answer = await handing.get()

    assert answer.body == HUGE


async def test_a_handler_ends_with_its_client() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def wait(request: web.Request) -> web.Response:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return web.Response()

    app = new_application()
    app.router.add_post("/p", wait)

    async with handing_to(app) as handing:
        async with raw_connection(handing.port) as client:
            await client.send(post(CALL))
            await begun.wait()
        async with asyncio.timeout(LIMIT_S):
            await ended.wait()


def test_a_path_with_a_variable_part_is_none_of_the_data_planes() -> None:
    app = new_application()
    app.router.add_get("/a/{b}", _hello)

    with pytest.raises(TypeError, match="no exact path"):
        methods_by_path(app)
