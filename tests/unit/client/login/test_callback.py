import asyncio

import pytest
from aiohttp import ClientSession

from gateway.client.failure import ClientFailure
from gateway.client.login.callback import listening_callback
from tests.support.ports import listening_socket
from tests.unit.client.login.test_authorization import sent

LIMIT_S = 5.0


async def get(url: str) -> tuple[int, str, str]:
    async with ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text(), answer.headers["Content-Security-Policy"]


async def test_response_gives_the_code_and_a_page() -> None:
    async with listening_callback(0) as callback, asyncio.TaskGroup() as group:
        waiting = group.create_task(callback.wait_for_code(sent(), LIMIT_S))
        await asyncio.sleep(0)
        status, page, policy = await get(f"{callback.redirect_uri}?state=the-state&code=c")

    assert waiting.result() == "c"
    assert (status, "You are logged in" in page) == (200, True)
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize(
    "query", ["", "?state=x&code=evil", "?code=evil", "?state=the-state&state=x&code=evil"]
)
async def test_anybody_elses_response_changes_nothing(query: str) -> None:
    async with listening_callback(0) as callback, asyncio.TaskGroup() as group:
        waiting = group.create_task(callback.wait_for_code(sent(), LIMIT_S))
        await asyncio.sleep(0)
        status, page, _ = await get(f"{callback.redirect_uri}{query}")
        await get(f"{callback.redirect_uri}?state=the-state&code=c")

    assert waiting.result() == "c"
    assert (status, "evil" in page) == (400, False)


async def test_refusal_ends_the_wait_and_its_text_is_no_markup() -> None:
    async with listening_callback(0) as callback:
        refused = "state=the-state&error=access_denied&error_description=<script>"
        answers = await asyncio.gather(
            callback.wait_for_code(sent(), LIMIT_S),
            get(f"{callback.redirect_uri}?{refused}"),
            return_exceptions=True,
        )

    assert isinstance(answers[0], ClientFailure)
    assert "<script>" not in str(answers[1])
    assert "&lt;script&gt;" in str(answers[1])


async def test_response_before_the_browser_was_sent_is_nobodys() -> None:
    async with listening_callback(0) as callback:
        status, _, _ = await get(f"{callback.redirect_uri}?state=the-state&code=c")

    assert status == 400


async def test_nobody_comes() -> None:
    async with listening_callback(0) as callback:
        with pytest.raises(ClientFailure, match="nobody came back"):
            await callback.wait_for_code(sent(), 0.01)


async def test_port_that_is_taken_is_told() -> None:
    with listening_socket() as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ClientFailure, match="choose another with --port"):
            async with listening_callback(port):
                pass
