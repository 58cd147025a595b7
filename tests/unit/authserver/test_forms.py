from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web

from gateway.authserver.answers import error_answer, json_answer
from gateway.authserver.forms import MAX_BODY_BYTES, body_of, form_of
from gateway.errors import GatewayError
from tests.support.authorization_server import Site
from tests.support.ports import reserved_port

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def _form(request: web.Request) -> web.Response:
    try:
        form = await form_of(request)
    except GatewayError as error:
        return error_answer(error)
    return json_answer({"values": form.values, "resources": form.resources})


async def _body(request: web.Request) -> web.Response:
    try:
        return json_answer({"length": len(await body_of(request))})
    except GatewayError as error:
        return error_answer(error)


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A server that tells what it reads."""
    app = web.Application()
    app.router.add_post("/form", _form)
    app.router.add_post("/body", _body)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    with reserved_port() as port:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{port}"
        await runner.cleanup()


async def post(
    url: str, body: bytes | AsyncIterator[bytes], headers: dict[str, str]
) -> tuple[int, dict[str, object]]:
    async with (
        ClientSession() as session,
        session.post(url, data=body, headers=headers) as response,
    ):
        return response.status, await response.json()


async def chunks(size: int) -> AsyncIterator[bytes]:
    """A body that does not tell its length."""
    for _ in range(size // 1024):
        yield b"x" * 1024


async def test_form_is_read_as_browsers_and_clients_write_it(url: str) -> None:
    """RFC 6749 appendix B."""
    headers = {"Content-Type": "Application/X-WWW-Form-Urlencoded; charset=UTF-8"}
    body = b"grant_type=a+b%2Bc&name=%C3%A9&empty=&empty=&resource=one&resource=two"

    status, told = await post(url + "/form", body, headers)

    assert status == 200
    assert told["values"] == {"grant_type": "a b+c", "name": "\u00e9"}
    assert told["resources"] == ["one", "two"]


@pytest.mark.requirement("135", "136", "F15")
@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"a=1", {"Content-Type": "text/plain"}),
        (b'{"a":"1"}', {"Content-Type": "application/json"}),
        (b"a=1", {"Content-Type": "multipart/form-data; boundary=x"}),
        (b"a=1&a=1", FORM),
        (b"a=1&a=2", FORM),
        (b"a=1&%61=2", FORM),
        (b"a=%ff", FORM),
        (b"a=\xff", FORM),
        (b"a=%ED%A0%80", FORM),
        (b"&".join(b"a%d=1" % number for number in range(65)), FORM),
    ],
)
async def test_what_can_be_read_in_two_ways_or_none_is_refused(
    url: str, body: bytes, headers: dict[str, str]
) -> None:
    status, told = await post(url + "/form", body, headers)

    assert (status, told["error"]) == (400, "invalid_request")


@pytest.mark.requirement("135")
async def test_body_may_be_as_long_as_the_limit_and_no_longer(url: str) -> None:
    told = [
        await post(url + "/body", b"x" * MAX_BODY_BYTES, {}),
        await post(url + "/body", chunks(MAX_BODY_BYTES), {}),
        await post(url + "/body", b"x" * (MAX_BODY_BYTES + 1), {}),
        await post(url + "/body", chunks(MAX_BODY_BYTES + 1024), {}),
    ]

    assert [status for status, _ in told] == [200, 200, 413, 413]
    assert told[3][1]["error"] == "body_too_large"


@pytest.mark.requirement("135", "146")
async def test_body_without_a_length_and_without_an_end_is_refused_in_json_too(url: str) -> None:
    """RFC 6749 §5.2: the framework's own limit answers in other words."""
    status, told = await post(url + "/body", chunks(4 * 1024 * 1024), {})

    assert (status, told["error"]) == (413, "body_too_large")


@pytest.mark.requirement("135")
async def test_token_endpoint_reads_no_query(site: Site) -> None:
    """RFC 6749 §3.2: parameters come in the body."""
    client = await site.registered()
    path = f"/token?grant_type=refresh_token&client_id={client.client_id}"

    status, answer = await site.post(path, b"", FORM)

    assert (status, answer["error"]) == (401, "invalid_client")
