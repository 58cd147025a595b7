"""When a verdict that is kept beside its token no longer counts."""

from collections.abc import Awaitable, Callable

import pytest

from gateway.config.model import Cache
from gateway.errors import InvalidToken
from gateway.identity.principal import Principal
from gateway.identity.reasons import refused
from gateway.identity.verdict.authenticator import Authenticator
from gateway.identity.verdict.cache import VerdictCache
from gateway.identity.verdict.slot import Verdict, VerdictSlot
from gateway.resilience.single_flight import SingleFlight
from tests.support.hand_clock import HandClock

ADA = Principal("https://as.example", "ada", expires_at=100.0)


@pytest.fixture
def cache(flights: SingleFlight, clock: HandClock) -> VerdictCache:
    return VerdictCache(Cache(), flights, clock.clocks)


def _accept(principal: Principal) -> Callable[[], Awaitable[Principal]]:
    async def verify() -> Principal:
        return principal

    return verify


async def _known(cache: VerdictCache, clock: HandClock, principal: Principal) -> VerdictSlot:
    slot = VerdictSlot(b"key", "token")
    await cache.resolve(slot.key, clock.wall, _accept(principal))
    assert cache.verify_slot(slot, clock.wall) is principal
    assert slot.verdict is not None
    return slot


@pytest.mark.requirement("N10", "O7")
@pytest.mark.parametrize(
    ("epoch", "monotonic", "now", "counts"),
    [
        (1, 9.9, 99.9, True),
        (2, 9.9, 99.9, False),
        (1, 10.0, 99.9, False),
        (1, 9.9, 100.0, False),
    ],
)
def test_a_verdict_counts_while_nothing_has_ended_it(
    epoch: int, monotonic: float, now: float, *, counts: bool
) -> None:
    slot = VerdictSlot(b"key", "token", Verdict(ADA, 60.0, ends_at=10.0, epoch=1))

    assert (slot.principal(epoch, monotonic, now) is ADA) is counts


def test_a_verdict_on_an_older_token_counts_no_more() -> None:
    slot = VerdictSlot(b"key", "token", Verdict(ADA, 60.0, 10.0, 1, is_superseded=True))

    assert slot.principal(1, 0.0, 0.0) is None


def test_an_empty_slot_knows_nobody_and_shows_no_token() -> None:
    slot = VerdictSlot(b"key", "secret")

    assert slot.principal(0, 0.0, 0.0) is None
    assert "secret" not in repr(slot)


@pytest.mark.requirement("J23")
async def test_what_is_forgotten_is_forgotten_in_slots_too(
    cache: VerdictCache, clock: HandClock
) -> None:
    eve = Principal("https://as.example", "eve")
    slot = await _known(cache, clock, eve)

    cache.forget(lambda who: who.subject == "eve")

    assert not cache.is_current(slot)
    assert cache.verify_slot(slot, clock.wall) is None


async def test_forgetting_somebody_else_looks_a_verdict_up_again(
    cache: VerdictCache, clock: HandClock
) -> None:
    eve = Principal("https://as.example", "eve")
    slot = await _known(cache, clock, eve)

    cache.forget(lambda who: who.subject == "ada")

    assert cache.verify_slot(slot, clock.wall) is eve
    assert cache.is_current(slot)


async def test_a_newer_token_ends_the_verdict_in_the_slot_of_an_older_one(
    cache: VerdictCache, clock: HandClock
) -> None:
    slot = await _known(cache, clock, Principal("https://as.example", "eve", issued_at=1.0))

    newer = Principal("https://as.example", "eve", issued_at=2.0)
    await cache.resolve(b"newer", clock.wall, _accept(newer))

    assert cache.verify_slot(slot, clock.wall) is None


@pytest.mark.requirement("A5")
async def test_only_a_verdict_that_is_current_is_not_put_to_revocations_again(
    flights: SingleFlight, clock: HandClock
) -> None:
    revoked: list[str] = []

    def check(principal: Principal, now: float) -> None:
        if principal.subject in revoked:
            raise refused("revoked")

    cache = VerdictCache(Cache(), flights, clock.clocks, check)
    chain = Authenticator("one", [], cache)
    eve = Principal("https://as.example", "eve")
    slot = await _known(cache, clock, eve)
    chain.check_again(eve, clock.wall, slot)

    revoked.append("eve")
    cache.forget(lambda who: who.subject == "eve")

    with pytest.raises(InvalidToken):
        chain.check_again(eve, clock.wall, slot)


async def test_a_refusal_that_is_remembered_is_told_apart_from_a_token_nobody_knows(
    cache: VerdictCache, clock: HandClock
) -> None:
    async def refuse() -> Principal:
        raise refused("wrong_audience")

    slot, unknown = VerdictSlot(b"bad", "token"), VerdictSlot(b"new", "token")
    with pytest.raises(InvalidToken):
        await cache.resolve(slot.key, clock.wall, refuse)

    recalled = cache.verify_slot(slot, clock.wall)

    assert isinstance(recalled, InvalidToken)
    assert recalled.reason == "wrong_audience"
    assert cache.verify_slot(unknown, clock.wall) is None
