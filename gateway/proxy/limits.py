"""How much one caller may ask of a server.

Keyed on who calls, so that a new session is no fresh start.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address

from gateway.config.model import ServerLimits
from gateway.config.scalars import Rate
from gateway.errors import RateLimited
from gateway.identity.principal import Principal
from gateway.mcp.message import Message
from gateway.policy.limit import Concurrency, RateLimit
from gateway.policy.matching import compile_globs
from gateway.proxy.sessions import Caller, Session, caller_of

_BUSY_RETRY_S = 1
_PREFIX_BITS = 64  # one customer's: RFC 6177


class CallerLimits:
    """The limits of one server. A caller without a token is known by the address."""

    def __init__(self, settings: ServerLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._caller = _rate_limit(settings.per_principal)
        self._session = _rate_limit(settings.per_session)
        self._tools = [
            (compile_globs([glob]), RateLimit(rate.times, rate.period_s))
            for glob, rate in settings.per_tool.items()
        ]
        self._calls = Concurrency(settings.concurrent)
        self._streams = Concurrency(settings.streams)

    @contextmanager
    def use(self, principal: Principal | None, address: str, http_method: str) -> Iterator[None]:
        """Count a request as under way. Raises `RateLimited` when too many are."""
        key = _key(principal, address)
        under_way = self._streams if http_method == "GET" else self._calls
        if not under_way.enter(key):
            what = "streams" if http_method == "GET" else "calls"
            raise RateLimited(
                f"You have too many {what} under way.", _BUSY_RETRY_S, reason=f"too_many_{what}"
            )
        try:
            yield
        finally:
            under_way.leave(key)

    def take(
        self,
        principal: Principal | None,
        address: str,
        session: Session | None,
        messages: Sequence[Message],
    ) -> None:
        """Use the caller's allowance for these messages. Raises `RateLimited`."""
        now, key = self._clock(), _key(principal, address)
        if self._caller is not None:
            for _ in messages or (None,):
                _check(self._caller.take(key, now), "You ask too often.", "rate_limited")
        if self._session is not None and session is not None:
            wait_s = self._session.take(session.name, now)
            _check(wait_s, "Too much is asked in this session.", "session_rate_limited")
        for message in messages if self._tools else ():
            self._take_tool(key, message, now)

    def _take_tool(self, key: object, message: Message, now: float) -> None:
        if message.target != "tool" or message.name is None:
            return
        for covers, limit in self._tools:
            if covers(message.name):
                wait_s = limit.take((key, message.name), now)
                _check(wait_s, "You call this tool too often.", "tool_rate_limited")
                return


class StrangerLimits:
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
    def look(self, address: str) -> Iterator[None]:
        """Look at a token that nobody has seen. Raises `RateLimited` for who failed too often."""
        if self._limit is None:
            yield
            return
        network, now = _network(address), self._clock()
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
            self._limit.take(_network(address), self._clock())


def _rate_limit(rate: Rate | None) -> RateLimit | None:
    return None if rate is None else RateLimit(rate.times, rate.period_s)


def _key(principal: Principal | None, address: str) -> Caller | str:
    return _network(address) if principal is None else caller_of(principal)


def _network(address: str) -> str:
    """An IPv6 address stands for its network: one host has as many of them as it likes."""
    if ":" not in address:
        return address
    try:
        full = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(int(full) >> (128 - _PREFIX_BITS)) if isinstance(full, IPv6Address) else address


def _check(wait_s: float, description: str, reason: str) -> None:
    if wait_s > 0:
        raise RateLimited(description, math.ceil(wait_s), reason=reason)
