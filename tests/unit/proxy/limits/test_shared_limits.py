"""Limits that replicas share: what they ask of the store, and what they do without it."""

import asyncio
from collections.abc import Hashable, Sequence

import pytest

from gateway.errors import IdentityUnavailable
from gateway.policy.limit import RateLimit
from gateway.proxy.limits.shared_limits import Allowance, Demand, SharedLimits
from gateway.store.rates import Cell
from gateway.store.unavailable import StoreUnavailable
from tests.support.hand_clock import HandClock

ALLOWANCE = Allowance("caller", RateLimit(2, 60.0), "You ask too often.", "rate_limited")
ADA, CLIENT = ("idp", "ada"), ("client", "idp", "cli")


class OwnRates:
    """A store in this process that the test takes away; replicas share it."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.limits: dict[tuple[str, str], RateLimit] = {}
        self.is_away = False
        self.leave: asyncio.Task[object] | None = None  # who leaves while the store is asked
        self.never = asyncio.Event()
        self.asked: list[Sequence[Cell]] = []

    async def take_all(self, cells: Sequence[Cell]) -> tuple[int, float] | None:
        self.asked.append(cells)
        if self.leave is not None:
            self.leave.cancel()
            await self.never.wait()
        if self.is_away:
            raise StoreUnavailable("gone")
        for number, cell in enumerate(cells):
            limit = self.limits.setdefault(
                (cell.owner, cell.name), RateLimit(cell.times, cell.period_s)
            )
            wait_s = limit.take("", self.clock.wall, cell.count)
            if wait_s > 0:
                return number, wait_s
        return None


@pytest.fixture
def rates(clock: HandClock) -> OwnRates:
    return OwnRates(clock)


def limits(
    rates: OwnRates,
    server: str = "files",
    failures: list[int] | None = None,
    *,
    closed: bool = False,
) -> SharedLimits:
    told = [] if failures is None else failures
    return SharedLimits(
        server, rates, "closed" if closed else "open", lambda: told.append(1), rates.clock.clocks
    )


def demand(key: Hashable = ADA, count: int = 1, owner: Hashable = ADA) -> Demand:
    return Demand(ALLOWANCE, key, count, owner)


async def test_what_one_replica_used_the_other_has_no_more(rates: OwnRates) -> None:
    here, there = limits(rates), limits(rates)
    assert await here.spend([demand(count=2)]) is None

    refused = await there.spend([demand()])

    assert refused is not None
    assert refused[0].allowance is ALLOWANCE
    assert refused[1] == pytest.approx(30.0)


async def test_servers_do_not_share_with_one_another(rates: OwnRates) -> None:
    assert await limits(rates).spend([demand(count=2)]) is None

    assert await limits(rates, "mail").spend([demand(count=2)]) is None


async def test_each_owner_is_asked_for_in_turn_and_none_after_one_that_must_wait(
    rates: OwnRates,
) -> None:
    shared = limits(rates)
    demands = [demand(count=3), demand(CLIENT, owner=CLIENT)]

    refused = await shared.spend(demands)

    assert refused is not None
    assert refused[0] is demands[0]
    assert len(rates.asked) == 1


async def test_the_store_learns_nobodys_name(rates: OwnRates) -> None:
    await limits(rates).spend([demand()])

    assert "ada" not in repr(rates.asked)


async def test_without_the_store_this_process_decides(rates: OwnRates) -> None:
    failures: list[int] = []
    rates.is_away = True

    with pytest.raises(StoreUnavailable):
        await limits(rates, failures=failures).spend([demand()])

    assert failures == [1]


async def test_where_nobody_may_decide_alone_nobody_does(rates: OwnRates) -> None:
    rates.is_away = True

    with pytest.raises(IdentityUnavailable) as caught:
        await limits(rates, closed=True).spend([demand()])

    assert (caught.value.reason, caught.value.status) == ("limits_unknown", 503)


async def test_a_store_that_failed_is_left_alone_for_a_moment(
    rates: OwnRates, clock: HandClock
) -> None:
    shared = limits(rates)
    rates.is_away = True
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await shared.spend([demand()])
    assert len(rates.asked) == 1

    rates.is_away = False
    clock.advance(1.0)

    assert await shared.spend([demand()]) is None


async def test_who_leaves_while_the_store_is_tried_again_does_not_shut_it(
    rates: OwnRates, clock: HandClock
) -> None:
    shared = limits(rates)
    rates.is_away = True
    with pytest.raises(StoreUnavailable):
        await shared.spend([demand()])
    clock.advance(1.0)
    rates.is_away = False

    async with asyncio.TaskGroup() as group:
        rates.leave = group.create_task(shared.spend([demand()]))
    rates.leave = None

    assert await shared.spend([demand()]) is None
