import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateway.authserver.login.login_method import Person
from gateway.authserver.login.provider.grant import ProviderGrant
from gateway.authserver.login.provider.renewals import ASKING, Renewals
from gateway.authserver.sealed_values import SealedValues
from gateway.resilience.clocks import Clocks
from gateway.resilience.single_flight import SingleFlight
from gateway.sealing.seal import Seal
from gateway.store.memory import MemoryStore
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


class OvertakenStore(MemoryStore):
    """Another replica comes between a look and the claim that follows it."""

    overtake: Callable[[], Awaitable[Person]] | None = None

    async def add(self, kind: str, key: str, value: bytes, expires_at: float | None) -> bool:
        overtake, self.overtake = self.overtake, None
        if kind == ASKING and overtake is not None:
            await overtake()
        return await super().add(kind, key, value, expires_at)


@pytest.mark.requirement("133")
async def test_replica_that_is_overtaken_shows_no_spent_token() -> None:
    asked: list[str] = []

    async def ask() -> Person:
        asked.append("refresh-1")
        return Person("ada")

    store, sealed = OvertakenStore(), SealedValues(Seal(bytes(32)), "https://mcp.example")
    grant = ProviderGrant("https://idp.example", "refresh_token", 0.0, "refresh-1")
    async with asyncio.TaskGroup() as group:
        here, there = (
            Renewals(sealed, store, SingleFlight(group), Clocks(), 300.0) for _ in range(2)
        )
        store.overtake = lambda: there.once(grant, ask)
        told = await here.once(grant, ask)

    assert told == Person("ada")
    assert asked == ["refresh-1"]
    assert await store.entries(ASKING) == {}
