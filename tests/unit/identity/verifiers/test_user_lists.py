"""Lists of a caller that come page by page: RFC 8288."""

import pytest
from aiohttp import web
from multidict import CIMultiDict
from pytest_aiohttp import AiohttpRawServer

from gateway.config.issuer import Lookup
from gateway.errors import IdentityUnavailable
from gateway.identity.verifiers.user_lists import MAX_PAGES, read_all
from tests.support.issuer_service import IssuerService, Scene
from tests.support.userinfo_service import PAGE_SIZE, TOKEN, serve_pages
from tests.unit.identity.conftest import Asking

HEADERS = {"Authorization": f"Bearer {TOKEN}"}
Found = tuple[str, ...] | None


async def _read(asking: Asking, url: str, each: str = "{}", items: str = "") -> Found:
    return await read_all(Lookup(url=url, each=each, items=items), asking.provider, HEADERS)


async def _read_linked(service: IssuerService, asking: Asking, link: str) -> Found:
    service.scenes["/list"] = Scene(["a"], headers={"Link": link})
    service.scenes["/list/2"] = Scene(["b"])
    return await _read(asking, f"{service.url}/list")


async def test_the_answer_to_one_question_is_the_list(
    service: IssuerService, asking: Asking
) -> None:
    service.scenes["/groups"] = Scene({"data": [{"name": "a"}, {"name": "b"}, {"name": "a"}]})

    found = await _read(asking, f"{service.url}/groups", "{name}", "data")

    assert found == ("a", "b")


@pytest.mark.parametrize("count", [0, 1, PAGE_SIZE, PAGE_SIZE + 1, PAGE_SIZE * MAX_PAGES])
async def test_every_page_is_read(service: IssuerService, asking: Asking, count: int) -> None:
    members = [f"group-{number}" for number in range(count)]

    found = await _read(asking, serve_pages(service, "/list", members))

    assert found == tuple(members)
    assert {asked.headers["Authorization"] for asked in service.asked} == {f"Bearer {TOKEN}"}


async def test_more_pages_than_are_read_make_the_list_unknown(
    service: IssuerService, asking: Asking
) -> None:
    members = [str(number) for number in range(PAGE_SIZE * MAX_PAGES + 1)]

    found = await _read(asking, serve_pages(service, "/list", members))

    assert found is None
    assert len(service.asked) == MAX_PAGES


@pytest.mark.parametrize("status", [403, 404])
async def test_a_list_that_the_token_may_not_see_is_unknown(
    service: IssuerService, asking: Asking, status: int
) -> None:
    service.scenes["/list"] = Scene([], status)

    assert await _read(asking, f"{service.url}/list") is None


@pytest.mark.requirement("124")
@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://evil.example/list/2",
        "https://127.0.0.1:{port}/list/2",
        "http://localhost:{port}/list/2",
        "http://user@127.0.0.1:{port}/list/2",
        "//evil.example/list/2",
        "http://127.0.0.1/list/2",
        "http://[/list/2",
        "file:///etc/passwd",
    ],
)
async def test_the_token_goes_to_no_other_origin(
    service: IssuerService, asking: Asking, elsewhere: str
) -> None:
    link = f'<{elsewhere.replace("{port}", str(service.port))}>; rel="next"'

    assert await _read_linked(service, asking, link) is None
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    "link",
    [
        '</list/2>; rel="next"',
        "<list/2>;rel=next",
        '<{url}/list/2>; REL="NEXT"',
        '<{url}/list/2>; rel="last next"',
        '<{url}/list/2>; title="a, b; c"; rel="next"',
        '<{url}/list>; rel="first", <{url}/list/2>; rel="next"',
        '<{url}/list>; rel="prev" , </list/2> ; rel = "next" , </list/9>; rel="last"',
    ],
)
async def test_a_next_page_is_seen_however_it_is_written(
    service: IssuerService, asking: Asking, link: str
) -> None:
    found = await _read_linked(service, asking, link.replace("{url}", service.url))

    assert found == ("a", "b")


async def test_a_next_page_is_seen_in_a_second_field(
    asking: Asking, aiohttp_raw_server: AiohttpRawServer
) -> None:
    async def serve(request: web.BaseRequest) -> web.Response:
        fields = CIMultiDict({"Link": '</first>; rel="first"'})
        if request.path == "/list":
            fields.add("Link", '</more>; rel="next"')
        return web.json_response([request.path], headers=fields)

    server = await aiohttp_raw_server(serve)

    found = await _read(asking, str(server.make_url("/list")))

    assert found == ("/list", "/more")


@pytest.mark.parametrize(
    "link",
    [
        "",
        "nonsense",
        '</list/2>; rel="prev"',
        '</list/2>; rel="nextish"',
        '</list/2>; rel="prev"; rel="next"',
        '</list/2>; title="; rel=next"',
        '</list/2>; xrel="next"',
        '</list/2>, rel="next"',
    ],
)
async def test_other_links_are_no_next_page(
    service: IssuerService, asking: Asking, link: str
) -> None:
    assert await _read_linked(service, asking, link) == ("a",)
    assert len(service.asked) == 1


@pytest.mark.requirement("122")
@pytest.mark.parametrize(
    "scene",
    [
        Scene(status=401),
        Scene(status=302, headers={"Location": "/elsewhere"}),
        Scene(status=500),
        Scene({"message": "sorry"}),
        Scene(b"<html>"),
    ],
)
async def test_no_sensible_answer_is_no_empty_list(
    service: IssuerService, asking: Asking, scene: Scene
) -> None:
    service.scenes["/list"] = scene

    with pytest.raises(IdentityUnavailable):
        await _read(asking, f"{service.url}/list")


async def test_a_page_that_fails_leaves_no_half_list(
    service: IssuerService, asking: Asking
) -> None:
    service.scenes["/list"] = Scene(["a"], headers={"Link": '</list/2>; rel="next"'})
    service.scenes["/list/2"] = Scene(["b"], 403)

    assert await _read(asking, f"{service.url}/list") is None
