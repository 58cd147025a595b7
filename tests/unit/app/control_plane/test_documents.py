"""The documents that anybody may read."""

import json

import pytest
from aiohttp.typedefs import Handler

from gateway.app.control_plane.application import methods_by_path, new_application
from gateway.app.control_plane.documents import (
    add_document,
    current_document,
    fetched_document,
    fixed_document,
    page_or_document,
)
from tests.support.raw_http import RawResponse
from tests.unit.app.control_plane.handing import handing_to


async def ask(read: Handler, method: str = "GET", headers: bytes = b"") -> RawResponse:
    app = new_application()
    add_document(app, "/", read)
    async with handing_to(app) as handing:
        return await handing.get(headers=headers, method=method)


@pytest.mark.requirement("82")
async def test_a_fixed_document_is_json_that_any_origin_may_read() -> None:
    answer = await ask(fixed_document({"resource": "https://a/mcp"}))

    assert (answer.status, json.loads(answer.body)) == (200, {"resource": "https://a/mcp"})
    assert answer.value("Content-Type") == "application/json"
    assert answer.value("Access-Control-Allow-Origin") == "*"


async def test_a_document_answers_preflight() -> None:
    answer = await ask(fixed_document({}), "OPTIONS")

    assert answer.status == 204
    assert answer.value("Access-Control-Allow-Methods") == "GET, HEAD"


def test_a_document_can_only_be_read() -> None:
    app = new_application()
    add_document(app, "/x", fixed_document({}))

    assert methods_by_path(app) == {"/x": {"GET", "HEAD", "OPTIONS"}}


async def test_health_is_not_cached() -> None:
    answer = await ask(fixed_document({"status": "ok"}, cached=False))

    assert answer.value("Cache-Control") == "no-store"


async def test_a_document_that_changes_is_read_at_each_request() -> None:
    answer = await ask(current_document(lambda: {"keys": []}))

    assert json.loads(answer.body) == {"keys": []}


async def test_a_fetched_document_is_passed_on() -> None:
    async def fetch() -> dict[str, object]:
        return {"issuer": "https://idp"}

    answer = await ask(fetched_document(fetch))

    assert json.loads(answer.body) == {"issuer": "https://idp"}


async def test_a_browser_gets_the_page_and_a_program_the_facts() -> None:
    read = page_or_document({"name": "x"}, "<p>x</p>", "default-src 'none'")

    page = await ask(read, headers=b"Accept: text/html,*/*\r\n")
    facts = await ask(read, headers=b"Accept: */*\r\n")

    assert page.body == b"<p>x</p>"
    assert page.value("Content-Security-Policy") == "default-src 'none'"
    assert json.loads(facts.body) == {"name": "x"}
