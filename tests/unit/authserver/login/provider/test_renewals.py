import asyncio

from tests.support.authorization_server import Site
from tests.support.login_pages import PersonsBrowser
from tests.support.login_provider import HandProvider
from tests.unit.authserver.login.provider.test_recheck import RECHECK_S, later, logged_in


async def test_all_who_refresh_at_once_get_one_answer_of_the_provider(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    """A strict provider ends a login whose old refresh token comes again."""
    client, token = await logged_in(site, browser, provider)
    later(site, provider, RECHECK_S)

    answers = await asyncio.gather(*(client.refresh(token) for _ in range(20)))

    assert [status for status, _ in answers] == [200] * 20
    assert provider.redeemed.count("refresh-1") == 1
    assert provider.reused == []


async def test_client_that_lost_the_answer_does_not_cost_the_login(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    client, token = await logged_in(site, browser, provider)
    later(site, provider, RECHECK_S)
    await client.refresh(token)
    later(site, provider, 20)

    status, _ = await client.refresh(token)

    assert status == 200
    assert provider.reused == []


async def test_what_was_told_is_sealed_in_the_store(
    site: Site, browser: PersonsBrowser, provider: HandProvider
) -> None:
    client, token = await logged_in(site, browser, provider)
    later(site, provider, RECHECK_S)
    await client.refresh(token)

    kept = await site.store.entries("told-by-provider")

    assert len(kept) == 1
    seen = repr(kept)
    assert "refresh-" not in seen
    assert "ada@example.com" not in seen
    assert await site.store.entries("asking-provider") == {}
