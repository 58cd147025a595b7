"""The whole way: SDK client, gateway, a certified provider that registers nobody, upstream."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.support.identity_provider import OidcProvider, running_oidc_provider
from tests.support.login_at_provider import (
    callback_url,
    disable,
    gateway_at_provider,
    log_in_there,
    person_there,
)
from tests.support.login_pages import OAuthClient, PersonsBrowser
from tests.support.mcp_servers import running_mcp_server
from tests.support.oauth_client import Mode, connected_client
from tests.support.recording_upstream import RecordingUpstream


@pytest.fixture(scope="module")
def stateful() -> Iterator[str]:
    with running_mcp_server("stateful") as url:
        yield url


@pytest.fixture
def provider(port: int) -> Iterator[OidcProvider]:
    with running_oidc_provider("unbound", callback_url(port)) as running:
        yield running


@pytest.mark.requirement("54", "63", "66")
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_sdk_client_registers_here_logs_in_there_and_calls_a_tool(
    mode: Mode, port: int, stateful: str, provider: OidcProvider
) -> None:
    async with (
        gateway_at_provider(port, stateful, provider) as url,
        connected_client(person_there(url), mode) as client,
    ):
        result = await client.call_tool("whoami", {})

    assert result.structured_content is not None
    assert result.structured_content["x-user-id"] == "ada"
    assert result.structured_content["x-user-email"] == "ada@example.com"
    assert result.structured_content["x-user-groups"] == "engineering"


@pytest.mark.requirement("66")
async def test_person_who_was_disabled_there_is_refused_at_a_refresh_within_recheck(
    port: int, provider: OidcProvider
) -> None:
    async with RecordingUpstream() as upstream:
        more = ", recheck: 1s, max_stale: 1s"
        async with gateway_at_provider(port, upstream.url, provider, more):
            client, granted = await _logged_in(port, provider)
            token = await _refresh_until(client, str(granted["refresh_token"]), times=12)
            assert token is not None
            await disable(provider, "ada")

            assert await _refresh_until(client, token, times=50) is None

        upstream.assert_untouched()


@pytest.mark.requirement("F2", "F6", "F16")
async def test_response_that_is_stolen_replayed_or_mixed_up_brings_no_code(
    port: int, provider: OidcProvider
) -> None:
    async with RecordingUpstream() as upstream:
        async with gateway_at_provider(port, upstream.url, provider):
            client = OAuthClient(f"http://127.0.0.1:{port}")
            await client.register()
            async with PersonsBrowser() as ada, PersonsBrowser() as eve:
                page = await ada.consent(client.authorize_url())
                back = await log_in_there(ada, page, "ada")
                stolen = await eve.open(back)
                mixed = await ada.open(back.replace("iss=", "iss=x"))
                burned = await ada.open(back)

                other = await log_in_there(ada, await ada.consent(client.authorize_url()), "ada")
                good = await ada.open(other)
                replayed = await ada.open(other)

        upstream.assert_untouched()
    shown = [stolen, mixed, burned, replayed]
    assert [each.status for each in shown] == [403] * 4
    assert [each.goes_to for each in shown] == [""] * 4
    assert "code" in good.answer


@pytest.mark.requirement("F10")
async def test_twenty_refreshes_at_once_are_one_question_and_one_lineage(
    port: int, provider: OidcProvider
) -> None:
    async with RecordingUpstream() as upstream:
        more = ", recheck: 1s, max_stale: 1s"
        async with gateway_at_provider(port, upstream.url, provider, more):
            client, granted = await _logged_in(port, provider)
            token = str(granted["refresh_token"])
            await asyncio.sleep(1.1)  # the provider's word becomes too old
            answers = await asyncio.gather(*(client.refresh(token) for _ in range(20)))

    assert {status for status, _ in answers} == {200}
    assert len({str(answer["refresh_token"]) for _, answer in answers}) == 1


async def _logged_in(port: int, provider: OidcProvider) -> tuple[OAuthClient, dict[str, object]]:
    client = OAuthClient(f"http://127.0.0.1:{port}")
    await client.register()
    async with PersonsBrowser() as browser:
        page = await browser.consent(client.authorize_url())
        shown = await browser.open(await log_in_there(browser, page, "ada"))
    status, answer = await client.exchange(shown.answer["code"])
    assert status == 200
    return client, answer


async def _refresh_until(client: OAuthClient, token: str, times: int) -> str | None:
    """Refresh so often, a tenth of a second apart; the last token, None once it is refused."""
    for _ in range(times):
        status, answer = await client.refresh(token)
        if status != 200:
            assert (status, answer["error"]) == (400, "invalid_grant")
            return None
        token = str(answer["refresh_token"])
        await asyncio.sleep(0.1)
    return token
