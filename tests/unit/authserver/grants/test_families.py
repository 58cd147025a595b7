import asyncio

import pytest

from gateway.authserver.grants.families import ENDED, Families
from gateway.authserver.grants.refresh_tokens import RefreshRequest
from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.oauth.errors import InvalidGrant
from gateway.store.memory import MemoryStore
from gateway.store.unavailable import StoreUnavailable
from tests.support.authorization_server import Setting, running_authorization_server
from tests.support.grants import (
    DESK,
    UnreachableStore,
    code_of,
    redeem,
    refresh,
    replica_of,
)
from tests.support.hand_clock import HandClock

LIFETIME_S = 3600.0


class Voided:
    """Notes which access tokens were voided, and when."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, float]] = []

    async def __call__(self, family_id: str, now: float) -> None:
        self.seen.append((family_id, now))


@pytest.mark.requirement("133")
async def test_family_that_ended_has_ended_for_every_replica() -> None:
    store, voided = MemoryStore(lambda: 0.0), Voided()
    here, there = Families(store, voided, LIFETIME_S), Families(store, voided, LIFETIME_S)

    before = await there.has_ended("one")
    await here.end("one", 0.0)

    assert not before
    assert await there.has_ended("one")
    assert not await there.has_ended("two")
    assert voided.seen == [("one", 0.0)]


@pytest.mark.requirement("133")
async def test_family_has_ended_as_long_as_any_of_its_tokens_could_count() -> None:
    clock = HandClock(0.0)
    families = Families(MemoryStore(lambda: clock.wall), Voided(), LIFETIME_S)
    await families.end("one", clock.wall)

    clock.advance(LIFETIME_S - 0.1)

    assert await families.has_ended("one")


async def test_ending_twice_is_no_error_and_voids_again() -> None:
    voided = Voided()
    families = Families(MemoryStore(), voided, LIFETIME_S)

    await asyncio.gather(families.end("one", 1.0), families.end("one", 2.0))

    assert [family_id for family_id, _ in voided.seen] == ["one", "one"]


@pytest.mark.requirement("152")
async def test_who_ends_a_family_again_and_again_adds_to_no_list() -> None:
    """Else one refresh token could fill the list of revocations, which every process holds."""
    store, voided = MemoryStore(lambda: 0.0), Voided()
    here, there = Families(store, voided, LIFETIME_S), Families(store, voided, LIFETIME_S)

    for at, families in enumerate((here, there, here)):
        await families.end("one", float(at))

    assert set(voided.seen) == {("one", 0.0)}


async def test_mark_of_an_earlier_version_still_ends_a_family() -> None:
    store, voided = MemoryStore(lambda: 0.0), Voided()
    families = Families(store, voided, LIFETIME_S)
    await store.add(ENDED, "one", b"", LIFETIME_S)

    await families.end("one", 5.0)

    assert await families.has_ended("one")
    assert voided.seen == [("one", 5.0)]


async def test_store_that_is_away_is_no_word_that_a_family_goes_on() -> None:
    store, voided = UnreachableStore(), Voided()
    families = Families(store, voided, LIFETIME_S)
    store.is_away = True

    with pytest.raises(StoreUnavailable):
        await families.has_ended("one")
    with pytest.raises(StoreUnavailable):
        await families.end("one", 0.0)

    assert voided.seen == []


@pytest.mark.requirement("134", "F10")
async def test_longer_lifetime_that_is_configured_later_brings_no_used_token_back() -> None:
    """The mark that it was used is gone by then."""
    short = Settings(refresh_token=LIFETIME_S, refresh_idle=LIFETIME_S)
    async with running_authorization_server(Setting(short)) as site:
        token = str((await redeem(site, code_of(site)))["refresh_token"])
        await refresh(site, token)
        site.clock.advance(LIFETIME_S + 1)
        request = RefreshRequest(token, DESK, None, None, None)
        longer = replica_of(site).refresh_tokens

        with pytest.raises(InvalidGrant) as caught:
            await longer.refresh(request, site.server.login, site.clock.wall)

    assert caught.value.reason == "refresh_unknown"
