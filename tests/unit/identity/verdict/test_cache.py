import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from gateway.config.model import Cache
from gateway.errors import IdentityUnavailable, InvalidToken
from gateway.identity.principal import Principal
from gateway.identity.reasons import TokenReason, refused
from gateway.identity.verdict.cache import VerdictCache, token_digest
from gateway.refusal_facts import Claimed
from gateway.resilience.single_flight import SingleFlight
from tests.support.hand_clock import HandClock

SETTINGS = Cache(positive_max=10, negative_max=10)
KEY = b"key"
ISSUER = "https://as.example"


@pytest.fixture
def cache(flights: SingleFlight, clock: HandClock) -> VerdictCache:
    return VerdictCache(SETTINGS, flights, clock.clocks)


def _accept(expires_at: float | None = None) -> Callable[[], Awaitable[Principal]]:
    async def verify() -> Principal:
        return Principal("https://as.example", "ada", expires_at=expires_at)

    return verify


def _refuse(reason: TokenReason) -> Callable[[], Awaitable[Principal]]:
    async def verify() -> Principal:
        raise refused(reason)

    return verify


@pytest.mark.requirement("N9")
async def test_verdict_is_remembered_for_its_ttl(cache: VerdictCache, clock: HandClock) -> None:
    principal = await cache.resolve(KEY, clock.wall, _accept())

    clock.advance(59)
    assert cache.get(KEY, clock.wall) is principal
    clock.advance(1)
    assert cache.get(KEY, clock.wall) is None


@pytest.mark.requirement("120", "J23")
@pytest.mark.requirement("O7")
async def test_verdict_ends_with_the_token(cache: VerdictCache, clock: HandClock) -> None:
    await cache.resolve(KEY, clock.wall, _accept(clock.wall + 10))

    clock.advance(9)
    assert cache.get(KEY, clock.wall) is not None
    clock.advance(1)
    assert cache.get(KEY, clock.wall) is None


async def test_token_in_its_skew_is_not_remembered(cache: VerdictCache, clock: HandClock) -> None:
    await _remember(cache, b"before", _issued(100), clock.wall)
    for ago in (5, 0):
        late = replace(_issued(200), expires_at=clock.wall - ago)
        await _remember(cache, KEY, late, clock.wall)

        assert cache.get(KEY, clock.wall) is None
        assert cache.get(b"before", clock.wall) is not None


async def test_a_token_of_its_last_moment_is_remembered_for_that(
    cache: VerdictCache, clock: HandClock
) -> None:
    await cache.resolve(KEY, clock.wall, _accept(clock.wall + 0.5))

    assert cache.get(KEY, clock.wall) is not None
    clock.monotonic += 0.5  # and the other clock stands still
    assert cache.get(KEY, clock.wall) is None


@pytest.mark.requirement("O7")
async def test_wall_clock_set_forward_ends_a_verdict_past_exp(
    cache: VerdictCache, clock: HandClock
) -> None:
    await cache.resolve(KEY, clock.wall, _accept(clock.wall + 30))

    clock.wall += 30

    assert cache.get(KEY, clock.wall) is None


@pytest.mark.parametrize("step", [-3600, 3600])
@pytest.mark.requirement("N10", "O7")
async def test_wall_clock_step_neither_flushes_nor_extends(
    step: int, cache: VerdictCache, clock: HandClock
) -> None:
    await cache.resolve(KEY, clock.wall, _accept(clock.wall + 86400))

    clock.wall += step
    assert cache.get(KEY, clock.wall) is not None
    clock.monotonic += 60
    assert cache.get(KEY, clock.wall) is None


@pytest.mark.requirement("121")
async def test_refusal_is_remembered_briefly(cache: VerdictCache, clock: HandClock) -> None:
    with pytest.raises(InvalidToken) as first:
        await cache.resolve(KEY, clock.wall, _refuse("wrong_audience"))

    with pytest.raises(InvalidToken) as second:
        cache.get(KEY, clock.wall)
    assert second.value is not first.value
    assert second.value.reason == "wrong_audience"
    assert second.value.description == first.value.description

    clock.advance(10)
    assert cache.get(KEY, clock.wall) is None


@pytest.mark.requirement("J21")
@pytest.mark.parametrize("reason", ["unknown_key", "not_yet_valid"])
async def test_refusal_that_may_pass_is_not_remembered(
    reason: TokenReason, cache: VerdictCache, clock: HandClock
) -> None:
    with pytest.raises(InvalidToken):
        await cache.resolve(KEY, clock.wall, _refuse(reason))

    assert cache.get(KEY, clock.wall) is None


@pytest.mark.requirement("121")
async def test_outage_is_not_remembered(cache: VerdictCache, clock: HandClock) -> None:
    async def fail() -> Principal:
        raise IdentityUnavailable("not now")

    with pytest.raises(IdentityUnavailable):
        await cache.resolve(KEY, clock.wall, fail)

    assert cache.get(KEY, clock.wall) is None


@pytest.mark.requirement("C3")
async def test_flood_of_bad_tokens_evicts_nothing_good(
    cache: VerdictCache, clock: HandClock
) -> None:
    await cache.resolve(KEY, clock.wall, _accept())
    for number in range(1000):
        with pytest.raises(InvalidToken):
            await cache.resolve(b"%d" % number, clock.wall, _refuse("bad_signature"))

    assert cache.get(KEY, clock.wall) is not None
    assert cache.get(b"0", clock.wall) is None  # the refusals are bounded, too


@pytest.mark.requirement("C3")
async def test_good_verdicts_are_bounded(cache: VerdictCache, clock: HandClock) -> None:
    for number in range(11):
        await cache.resolve(b"%d" % number, clock.wall, _accept())

    held = [number for number in range(11) if cache.get(b"%d" % number, clock.wall)]
    assert held == list(range(1, 11))


@pytest.mark.requirement("C4")
async def test_stampede_verifies_once(cache: VerdictCache, clock: HandClock) -> None:
    calls = 0

    async def verify() -> Principal:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0)
        return Principal("https://as.example", "ada")

    waiting = (cache.resolve(KEY, clock.wall, verify) for _ in range(1000))
    principals = await asyncio.gather(*waiting)

    assert calls == 1
    assert len(principals) == 1000


@pytest.mark.requirement("J21", "J23")
async def test_clear_forgets_verdicts_of_a_removed_key(
    cache: VerdictCache, clock: HandClock
) -> None:
    await cache.resolve(KEY, clock.wall, _accept())

    cache.clear()

    assert cache.get(KEY, clock.wall) is None


@pytest.mark.requirement("J23")
async def test_verdict_that_began_before_clear_is_not_kept(
    cache: VerdictCache, clock: HandClock
) -> None:
    async def verify() -> Principal:
        cache.clear()
        return Principal("https://as.example", "ada")

    await cache.resolve(KEY, clock.wall, verify)

    assert cache.get(KEY, clock.wall) is None


@pytest.mark.requirement("C2")
async def test_chains_do_not_share_verdicts(cache: VerdictCache) -> None:
    one, other = cache.chain_key("one"), cache.chain_key("other")

    assert token_digest(one, "token") != token_digest(other, "token")
    assert token_digest(one, "token") != token_digest(one, "token2")
    assert len(token_digest(one, "token")) == 32


@pytest.mark.requirement("20", "178", "C1")
async def test_cache_holds_no_token(cache: VerdictCache, clock: HandClock) -> None:
    token = "canary-" + "x" * 40
    key = token_digest(cache.chain_key("one"), token)
    await cache.resolve(key, clock.wall, _accept())

    held = repr([getattr(cache, name) for name in dir(cache)])
    assert "ada" in held
    assert token not in held


@pytest.mark.requirement("C1")
async def test_two_processes_file_a_token_differently(
    flights: SingleFlight, clock: HandClock
) -> None:
    first = VerdictCache(SETTINGS, flights, clock.clocks)
    second = VerdictCache(SETTINGS, flights, clock.clocks)

    assert first.chain_key("one") != second.chain_key("one")


def _issued(at: float, client: str = "cli", groups: tuple[str, ...] = ()) -> Principal:
    return Principal(ISSUER, "ada", client, groups=groups, issued_at=at)


async def _remember(cache: VerdictCache, key: bytes, principal: Principal, now: float) -> None:
    async def verify() -> Principal:
        return principal

    await cache.resolve(key, now, verify)


@pytest.mark.parametrize(("one", "two"), [(200, 100), (None, None), (None, 100), (100, None)])
async def test_a_token_that_is_no_newer_ends_nothing(
    one: float | None, two: float | None, cache: VerdictCache, clock: HandClock
) -> None:
    for key, issued_at in ((b"one", one), (b"two", two)):
        await _remember(cache, key, replace(_issued(1), issued_at=issued_at), clock.wall)

    assert all(cache.get(key, clock.wall) for key in (b"one", b"two"))


@pytest.mark.requirement("114")
@pytest.mark.parametrize(
    "other",
    [
        Principal("https://other.example", "ada", "cli", issued_at=300),
        Principal(ISSUER, "bob", "cli", issued_at=300),
        Principal(ISSUER, "ada", "other", issued_at=300),
    ],
    ids=["issuer", "subject", "client"],
)
async def test_a_newer_token_of_somebody_else_ends_nothing(
    other: Principal, cache: VerdictCache, clock: HandClock
) -> None:
    await _remember(cache, b"mine", _issued(200), clock.wall)

    await _remember(cache, b"theirs", other, clock.wall)

    assert cache.get(b"mine", clock.wall) == _issued(200)
    assert cache.get(b"theirs", clock.wall) == other


async def test_two_tokens_in_use_at_once_are_not_verified_in_turns(
    cache: VerdictCache, clock: HandClock
) -> None:
    await _remember(cache, b"old", _issued(100), clock.wall)
    await _remember(cache, b"new", _issued(200), clock.wall)
    await _remember(cache, b"old", _issued(100), clock.wall)
    clock.advance(30)

    await _remember(cache, b"new", _issued(200), clock.wall)

    assert cache.get(b"old", clock.wall) is not None


@pytest.mark.requirement("C7")
async def test_a_verifier_may_ask_to_be_asked_again_soon(
    cache: VerdictCache, clock: HandClock
) -> None:
    await _remember(cache, KEY, replace(_issued(100), remember_s=5.0), clock.wall)

    clock.advance(4)
    assert cache.get(KEY, clock.wall) is not None
    clock.advance(1)
    assert cache.get(KEY, clock.wall) is None


@pytest.mark.requirement("152", "C6")
async def test_forgetting_some_callers_keeps_the_others(
    cache: VerdictCache, clock: HandClock
) -> None:
    await _remember(cache, b"ops", _issued(100, "a", ("ops",)), clock.wall)
    await _remember(cache, b"dev", _issued(100, "b", ("dev",)), clock.wall)

    cache.forget(lambda principal: "ops" in (principal.groups or ()))

    assert cache.get(b"ops", clock.wall) is None
    assert cache.get(b"dev", clock.wall) is not None


@pytest.mark.requirement("152")
async def test_what_is_revoked_is_refused_at_once_and_after_a_pardon_accepted(
    flights: SingleFlight, clock: HandClock
) -> None:
    revoked = {"ada"}

    def check(principal: Principal, now: float) -> None:
        if principal.subject in revoked:
            raise refused("revoked")

    cache = VerdictCache(SETTINGS, flights, clock.clocks, check)
    with pytest.raises(InvalidToken):
        await cache.resolve(KEY, clock.wall, _accept())
    with pytest.raises(InvalidToken):
        cache.get(KEY, clock.wall)
    revoked.clear()
    cache.forget(lambda principal: False)

    assert (await cache.resolve(KEY, clock.wall, _accept())).subject == "ada"


async def test_each_refresh_ends_the_token_before_it(cache: VerdictCache, clock: HandClock) -> None:
    for number in range(40):
        await _remember(cache, b"%d" % number, _issued(100 + number), clock.wall)

    assert [n for n in range(40) if cache.get(b"%d" % n, clock.wall)] == [39]


async def test_of_a_caller_with_many_tokens_at_once_the_first_sixteen_are_known(
    flights: SingleFlight, clock: HandClock
) -> None:
    cache = VerdictCache(Cache(), flights, clock.clocks)
    for number in range(18):
        await _remember(cache, b"%d" % number, _issued(100), clock.wall)

    await _remember(cache, b"18", _issued(200), clock.wall)

    assert [n for n in range(19) if cache.get(b"%d" % n, clock.wall)] == [16, 17, 18]


async def test_after_clear_nothing_is_known_of_any_caller(
    cache: VerdictCache, clock: HandClock
) -> None:
    await _remember(cache, b"new", _issued(200), clock.wall)
    with pytest.raises(InvalidToken):
        await cache.resolve(b"bad", clock.wall, _refuse("bad_signature"))

    cache.clear()
    assert cache.get(b"bad", clock.wall) is None
    await _remember(cache, b"old", _issued(100), clock.wall)
    await _remember(cache, b"new", _issued(200), clock.wall)

    assert cache.get(b"old", clock.wall) is None


@pytest.mark.requirement("152", "J23")
@pytest.mark.parametrize("change", ["clear", "forget"])
@pytest.mark.parametrize("verdict", [_accept(), _refuse("bad_signature")])
async def test_what_was_under_way_at_a_change_is_not_remembered(
    change: str, verdict: Callable[[], Awaitable[Principal]], cache: VerdictCache, clock: HandClock
) -> None:
    async def verify() -> Principal:
        cache.clear() if change == "clear" else cache.forget(lambda principal: False)
        return await verdict()

    with suppress(InvalidToken):
        await cache.resolve(KEY, clock.wall, verify)

    assert cache.get(KEY, clock.wall) is None


@pytest.mark.requirement("U11")
async def test_a_revoked_caller_is_named_at_once_and_later(
    flights: SingleFlight, clock: HandClock
) -> None:
    def check(principal: Principal, now: float) -> None:
        raise refused("revoked")

    cache = VerdictCache(SETTINGS, flights, clock.clocks, check)
    with pytest.raises(InvalidToken) as first:
        await cache.resolve(KEY, clock.wall, _accept())
    with pytest.raises(InvalidToken) as second:
        cache.get(KEY, clock.wall)

    assert first.value.claimed == second.value.claimed == Claimed("ada", ISSUER, verified=True)
