"""How much one caller may ask of a server.

Keyed on who calls, so that a new session is no fresh start.
"""

import math
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NoReturn

from gateway.config.model import ServerLimits
from gateway.config.scalars import Rate
from gateway.errors import RateLimited, UpstreamBusy
from gateway.glob import compile_globs
from gateway.http.peer import network_of
from gateway.identity.principal import Principal
from gateway.mcp.message import Message
from gateway.policy.limit import Concurrency, RateLimit
from gateway.proxy.limits.caller import counted_as
from gateway.proxy.limits.shared_limits import Allowance, Demand, SharedLimits
from gateway.store.unavailable import StoreUnavailable

_BUSY_RETRY_S = 1
_CALLER = ("You ask too often.", "rate_limited")
_SESSION = ("Too much is asked in this session.", "session_rate_limited")
_TOOL = ("You call this tool too often.", "tool_rate_limited")
_CLIENT = ("Too much is asked with this client.", "client_rate_limited")
_MIN_CALLS = 32
_MIN_STREAMS, _MAX_STREAMS = 8, 100
_EVERYBODY = "everybody"


class CallerLimits:
    """The limits of one server. A caller without a token is known by the address.

    With `shared`, how often something may happen counts at all replicas; what may be under way
    at once counts in this process. What callers have used of the limits of `before` that stay the
    same, and what they have under way there, counts here too.
    """

    def __init__(
        self,
        settings: ServerLimits,
        max_connections: int,
        shared: SharedLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
        before: "CallerLimits | None" = None,
    ) -> None:
        self._clock = clock
        self._shared = shared
        known = {} if before is None else before._allowances
        self._caller = _allowance(known, "caller", settings.per_principal, *_CALLER)
        self._client = _allowance(known, "client", settings.per_client, *_CLIENT)
        self._session = _allowance(known, "session", settings.per_session, *_SESSION)
        self._tools = [
            (compile_globs([glob]), _allowance(known, f"tool {glob}", rate, *_TOOL))
            for glob, rate in settings.per_tool.items()
        ]
        self._has_rates = bool(self._caller or self._client or self._session or self._tools)
        calls, streams = at_once(settings, max_connections)
        self._calls: Concurrency = Concurrency(calls, before._calls if before else None)
        self._streams: Concurrency = Concurrency(streams, before._streams if before else None)
        # The last connections are for calls: streams end when they like.
        calls_alone = max(1, max_connections // 4)
        others = before._all_streams if before else None
        self._all_streams: Concurrency = Concurrency(max_connections - calls_alone, others)

    @property
    def _allowances(self) -> Mapping[str, Allowance]:
        of_tools = [allowance for _, allowance in self._tools]
        found = (self._caller, self._client, self._session, *of_tools)
        return {each.name: each for each in found if each is not None}

    def enter(self, principal: Principal | None, address: str, http_method: str) -> "Using":
        """Count a request as under way. Raises `RateLimited` when too many are.

        And `UpstreamBusy` for a stream when those of all callers are.
        """
        using = Using(counted_as(principal, address), self._streams, self._all_streams)
        if http_method == "GET":
            using.listen()
        else:
            using.begin(self._calls, "calls")
        return using

    async def spend(
        self,
        principal: Principal | None,
        address: str,
        session: str | None,
        messages: Sequence[Message],
    ) -> None:
        """Use the caller's allowance for these messages.

        Raises `RateLimited`, and `IdentityUnavailable` when nobody knows what is left.
        """
        if not self._has_rates:
            return
        key = counted_as(principal, address)
        demands = self._demands(key, session, messages)
        if self._client is not None and principal is not None and principal.client_id:
            # Last: a caller who asks too often uses nothing of what others have of the client.
            client = (principal.issuer, principal.client_id)
            demands.append(
                Demand(self._client, client, len(messages) or 1, owner=("client", *client))
            )
        if self._shared is not None and demands:
            try:
                refused = await self._shared.spend(demands)
            except StoreUnavailable:
                pass  # this process alone decides, until the store is back
            else:
                if refused is not None:
                    _refuse(*refused)
                return
        now = self._clock()
        for demand in demands:
            wait_s = demand.allowance.limit.take(demand.key, now, demand.count)
            if wait_s > 0:
                _refuse(demand, wait_s)

    def _demands(
        self, key: Hashable, session: str | None, messages: Sequence[Message]
    ) -> list[Demand]:
        demands: list[Demand] = []
        if self._caller is not None:
            demands.append(Demand(self._caller, key, len(messages) or 1, owner=key))
        if self._session is not None and session is not None:
            demands.append(Demand(self._session, session, 1, owner=key))
        called: dict[str, int] = {}
        for message in messages if self._tools else ():
            if message.target == "tool" and message.name:
                called[message.name] = called.get(message.name, 0) + 1
        for name, count in called.items():
            allowance = self._of_tool(name)
            if allowance is not None:
                demands.append(Demand(allowance, (key, name), count, owner=key))
        return demands

    def _of_tool(self, name: str) -> Allowance | None:
        for covers, allowance in self._tools:
            if covers(name):
                return allowance
        return None


def at_once(settings: ServerLimits, max_connections: int) -> tuple[int, int]:
    """How many calls and how many streams one caller may have under way.

    Left open, a part of the upstream's connections, so that nobody alone can take them all; of
    few connections nobody is refused who could as well wait for one.
    """
    calls = settings.concurrent or max(_MIN_CALLS, max_connections // 2)
    streams = settings.streams or min(_MAX_STREAMS, max(_MIN_STREAMS, max_connections // 4))
    return calls, streams


class Using:
    """What a request that is under way counts as, until `end`."""

    __slots__ = ("_all_streams", "_begun", "_key", "_streams")

    def __init__(self, key: Hashable, streams: Concurrency, all_streams: Concurrency) -> None:
        self._key = key
        self._streams = streams
        self._all_streams = all_streams
        self._begun: list[tuple[Concurrency, Hashable]] = []

    def begin(self, what: Concurrency, name: str) -> None:
        """Count it as one of these too. Raises `RateLimited`."""
        if not what.enter(self._key):
            description = f"You have too many {name} under way."
            raise RateLimited(description, _BUSY_RETRY_S, reason=f"too_many_{name}")
        self._begun.append((what, self._key))

    def listen(self) -> None:
        """Count it as a stream that stays open. Raises `RateLimited` or `UpstreamBusy`."""
        self.begin(self._streams, "streams")
        if not self._all_streams.enter(_EVERYBODY):
            self.end()
            raise UpstreamBusy("The MCP server has all the streams it can hold.")
        self._begun.append((self._all_streams, _EVERYBODY))

    def end(self) -> None:
        """Count it no more."""
        for what, key in self._begun:
            what.leave(key)
        self._begun.clear()


class UnauthenticatedLimits:
    """How often one address may come without credentials, or with bad ones, before it must wait.

    A flood of forged tokens is then refused before any of them is looked at. An address that
    did not fail lately may show any number of new tokens at once; one that did, no more than
    its allowance, or a crowd would get through before the first is known to be bad.
    """

    def __init__(self, rate: Rate | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = _rate_limit(rate)
        self._times = 0 if rate is None else rate.times
        self._clock = clock
        self._looked_at: dict[str, int] = {}

    @contextmanager
    def enter(self, address: str) -> Iterator[None]:
        """Look at a token that nobody has seen. Raises `RateLimited` for who failed too often."""
        if self._limit is None:
            yield
            return
        network, now = network_of(address), self._clock()
        left = self._limit.left(network, now)
        looked_at = self._looked_at.get(network, 0)
        if left < self._times and looked_at >= left:
            wait_s = self._limit.wait_s(network, now) or _BUSY_RETRY_S
            _check(wait_s, "Too many requests without a valid token.", "too_many_failures")
        self._looked_at[network] = looked_at + 1
        try:
            yield
        finally:
            self._looked_at[network] -= 1
            if not self._looked_at[network]:
                del self._looked_at[network]

    def failed(self, address: str) -> None:
        """Count a request that could not be authenticated."""
        if self._limit is not None:
            self._limit.take(network_of(address), self._clock())


def _allowance(
    known: Mapping[str, Allowance], name: str, rate: Rate | None, description: str, reason: str
) -> Allowance | None:
    before = known.get(name)
    if before is not None and rate == (before.limit.times, before.limit.period_s):
        return before
    limit = _rate_limit(rate)
    return None if limit is None else Allowance(name, limit, description, reason)


def _refuse(demand: Demand, wait_s: float) -> NoReturn:
    allowance = demand.allowance
    raise RateLimited(allowance.description, math.ceil(wait_s), reason=allowance.reason)


def _rate_limit(rate: Rate | None) -> RateLimit | None:
    return None if rate is None else RateLimit(rate.times, rate.period_s)


def _check(wait_s: float, description: str, reason: str) -> None:
    if wait_s > 0:
        raise RateLimited(description, math.ceil(wait_s), reason=reason)
