"""The documents that anybody may read."""

import json

import pytest

from gateway.errors import MethodNotAllowed
from gateway.proxy.documents import fetched_document, fixed_document, page_or_document
from tests.support.heads import head


@pytest.mark.requirement("82")
async def test_a_fixed_document_is_json_that_any_origin_may_read() -> None:
    reply = await fixed_document({"resource": "https://a/mcp"})(head("GET"))

    headers = dict(reply.headers)
    assert (reply.status, json.loads(reply.body)) == (200, {"resource": "https://a/mcp"})
    assert headers[b"Content-Type"] == b"application/json"
    assert headers[b"Access-Control-Allow-Origin"] == b"*"


async def test_a_document_answers_preflight() -> None:
    reply = await fixed_document({})(head("OPTIONS"))

    assert reply.status == 204


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
async def test_a_document_can_only_be_read(method: str) -> None:
    with pytest.raises(MethodNotAllowed):
        await fixed_document({})(head(method))


async def test_health_is_not_cached() -> None:
    reply = await fixed_document({"status": "ok"}, cached=False)(head("GET"))

    assert dict(reply.headers)[b"Cache-Control"] == b"no-store"


async def test_a_fetched_document_is_passed_on() -> None:
    async def fetch() -> dict[str, object]:
        return {"issuer": "https://idp"}

    reply = await fetched_document(fetch)(head("GET"))

    assert json.loads(reply.body) == {"issuer": "https://idp"}


async def test_a_browser_gets_the_page_and_a_program_the_facts() -> None:
    answer = page_or_document({"name": "x"}, "<p>x</p>", "default-src 'none'")

    page = await answer(head("GET", headers=[("Accept", "text/html,*/*")]))
    facts = await answer(head("GET", headers=[("Accept", "*/*")]))

    assert page.body == b"<p>x</p>"
    assert dict(page.headers)[b"Content-Security-Policy"] == b"default-src 'none'"
    assert json.loads(facts.body) == {"name": "x"}
