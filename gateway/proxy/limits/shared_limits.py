"""Limits that count what a caller does at all replicas."""

import asyncio
import hashlib
from collections.abc import Callable, Hashable, Sequence
from typing import Literal

import msgspec

from gateway.errors import IdentityUnavailable
from gateway.policy.limit import RateLimit
from gateway.resilience.breaker import Breaker, BreakerSettings
from gateway.resilience.clocks import Clocks
from gateway.resilience.time_limit import time_limit
from gateway.store.rates import Cell, SharedRates
from gateway.store.unavailable import StoreUnavailable

# One failure is enough: whoever asks waits, and the way without the store is always there.
_BREAKER = BreakerSettings(failures=1, open_s=1.0, max_open_s=10.0)
_TIMEOUT_S = 1.0
_DIGEST_BYTES = 12


class Allowance(msgspec.Struct, frozen=True):
    """One configured limit; `description` and `reason` are for callers who used it up."""

    name: str
    limit: RateLimit
    description: str
    reason: str


class Demand(msgspec.Struct, frozen=True):
    """What a request uses of an allowance: `count` of that of `key`.

    The demands of one `owner` are used all or none; `owner` is a caller, or a client.
    """

    allowance: Allowance
    key: Hashable
    count: int
    owner: Hashable


class SharedLimits:
    """The allowances of one server in a store; `on_failure` is told whenever it does not answer.

    `when_away`: `open` leaves the decision to this process alone, `closed` refuses.
    """

    def __init__(
        self,
        server: str,
        rates: SharedRates,
        when_away: Literal["open", "closed"],
        on_failure: Callable[[], None],
        clocks: Clocks | None = None,
    ) -> None:
        self._server = server
        self._rates = rates
        self._when_away = when_away
        self._on_failure = on_failure
        self._breaker = Breaker(clocks or Clocks(), _BREAKER)

    async def spend(self, demands: Sequence[Demand]) -> tuple[Demand, float] | None:
        """Use what is demanded: the first demand that must wait, and how many seconds.

        One owner after the other, in the order in which they are named. Raises
        `StoreUnavailable` when this process is to decide, `IdentityUnavailable` when nobody is.
        """
        for owner in dict.fromkeys(each.owner for each in demands):
            own = [each for each in demands if each.owner == owner]
            refused = await self._take_of(owner, own)
            if refused is not None:
                return refused
        return None

    async def _take_of(
        self, owner: Hashable, demands: Sequence[Demand]
    ) -> tuple[Demand, float] | None:
        name = _digest(self._server, owner)
        cells = [_cell(name, each) for each in demands]
        try:
            refused = await self._ask(cells)
        except StoreUnavailable as error:
            self._on_failure()
            if self._when_away == "open":
                raise
            raise IdentityUnavailable(
                "Nobody can say now how much you have asked for.",
                retry_after_s=1,
                reason="limits_unknown",
            ) from error
        return None if refused is None else (demands[refused[0]], refused[1])

    async def _ask(self, cells: Sequence[Cell]) -> tuple[int, float] | None:
        try:
            self._breaker.enter()
        except IdentityUnavailable as error:
            raise StoreUnavailable("The store is left alone for a moment.") from error
        try:
            async with time_limit(_TIMEOUT_S):
                refused = await self._rates.take_all(cells)
        except (StoreUnavailable, TimeoutError) as error:
            self._breaker.failed()
            raise StoreUnavailable(f"limits: {type(error).__name__}") from error
        except asyncio.CancelledError:
            self._breaker.abandoned()
            raise
        self._breaker.succeeded()
        return refused


def _cell(owner: str, demand: Demand) -> Cell:
    limit = demand.allowance.limit
    name = _digest(demand.allowance.name, demand.key)
    return Cell(owner, name, limit.times, limit.period_s, demand.count)


def _digest(*parts: object) -> str:
    """Names in the store tell nobody who called."""
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=_DIGEST_BYTES).hexdigest()
