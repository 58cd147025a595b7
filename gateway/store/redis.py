"""Facts that replicas share, in Redis or Valkey."""

import math
import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Self

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.store.rates import Cell
from gateway.store.readable import readable
from gateway.store.unavailable import StoreUnavailable

PREFIX = "mcpgw"
TIMEOUT_S = 1.0
MAX_CONNECTIONS = 64
_SCAN_COUNT = 500

_LAST_MOMENT = 1e12  # later ones are too large for Redis

# In one step, so that nobody sees a new value under the old version. The version is random: a
# counter begins anew when Redis lost everything, and would then hide that from who saw it before.
_ADD = """
local set
if ARGV[2] == '' then
  set = redis.call('SET', KEYS[1], ARGV[1], 'NX')
else
  set = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PXAT', ARGV[2])
end
if set then redis.call('SET', KEYS[2], ARGV[3]) return 1 end
return 0
"""
_REMOVE = """
local removed = redis.call('DEL', KEYS[1])
if removed == 1 then redis.call('SET', KEYS[2], ARGV[1]) end
return removed
"""

# Both clocks are Redis' own. Nothing is used unless all of it is there. What is no time that could
# have come from here counts as used up, or as nothing, and is replaced.
_TAKE_ALL = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local whole = {}
for i, key in ipairs(KEYS) do
  local period, times, count = ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]
  local held = redis.pcall('GET', key)
  local known = type(held) == 'string' and tonumber(held) or now
  if not (known <= now + period) then
    known = now + period
    redis.call('SET', key, string.format('%.0f', known), 'PX', math.ceil(period / 1000))
  end
  whole[i] = math.max(known, now) + count * period / times
  local wait = whole[i] - now - period
  if wait > 0 then return {i, math.ceil(wait)} end
end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%.0f', whole[i]), 'PX', math.ceil((whole[i] - now) / 1000))
end
return {0, 0}
"""
_MICROSECONDS = 1_000_000


class RedisStore:
    """A connection pool to one Redis; every step on the network takes at most `TIMEOUT_S`."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._add = client.register_script(_ADD)
        self._remove = client.register_script(_REMOVE)
        self._take_all = client.register_script(_TAKE_ALL)

    @classmethod
    def connect(cls, url: str, password: str | None, ca_file: Path | None) -> Self:
        """Build the store; the first call connects."""
        connect = partial(
            BlockingConnectionPool.from_url,
            url,
            max_connections=MAX_CONNECTIONS,
            timeout=TIMEOUT_S,
            password=password,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            # An `add` that is sent again finds its own value, and would tell that it was there.
            retry=Retry(NoBackoff(), 0),
            health_check_interval=30,
        )
        pool = connect() if ca_file is None else connect(ssl_ca_certs=str(ca_file))
        return cls(Redis.from_pool(pool))

    async def add(self, kind: str, key: str, value: bytes, expires_at: float | None) -> bool:
        """Keep a value unless there is one."""
        names = [_name(kind, key), _version(kind)]
        try:
            added = await self._add(keys=names, args=[value, _end(expires_at), _new_version()])
            return bool(added == 1)
        except RedisError as error:
            raise _unavailable(error) from error

    async def get(self, kind: str, key: str) -> bytes | None:
        """The value."""
        try:
            value = await self._client.get(_name(kind, key))
        except RedisError as error:
            raise _unavailable(error) from error
        return None if value is None else _bytes(value)

    async def remove(self, kind: str, key: str) -> bool:
        """Forget a value."""
        try:
            removed = await self._remove(
                keys=[_name(kind, key), _version(kind)], args=[_new_version()]
            )
            return bool(removed == 1)
        except RedisError as error:
            raise _unavailable(error) from error

    async def entries(self, kind: str) -> Mapping[str, bytes]:
        """Every value of a kind."""
        start = _name(kind, "")
        try:
            names = [
                name async for name in self._client.scan_iter(match=f"{start}*", count=_SCAN_COUNT)
            ]
            values = await self._client.mget(names) if names else []
            for index, name in enumerate(names):
                # One that expired between the calls is gone; one that is no text is not.
                if values[index] is None and await self._client.exists(name):
                    values[index] = b""
        except RedisError as error:
            raise _unavailable(error) from error
        return {
            readable(name).removeprefix(start): _bytes(value)
            for name, value in zip(names, values, strict=True)
            if value is not None
        }

    async def version(self, kind: str) -> str:
        """A random text, another one after every change by any replica."""
        try:
            # Not GET, which fails for what is no text; the next change puts text there again.
            (value,) = await self._client.mget([_version(kind)])
        except RedisError as error:
            raise _unavailable(error) from error
        return readable(value) if value is not None else ""

    async def take_all(self, cells: Sequence[Cell]) -> tuple[int, float] | None:
        """Use all of the cells, or none of them."""
        # In braces, what decides on which node of a cluster a key is.
        names = [f"{PREFIX}-rate:{{{cell.owner}}}:{cell.name}" for cell in cells]
        numbers: list[int] = []
        for cell in cells:
            numbers += [round(cell.period_s * _MICROSECONDS), cell.times, cell.count]
        try:
            number, wait = await self._take_all(keys=names, args=numbers)
        except RedisError as error:
            raise _unavailable(error) from error
        return (int(number) - 1, int(wait) / _MICROSECONDS) if number else None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _name(kind: str, key: str) -> str:
    return f"{PREFIX}:{kind}:{key}"


def _version(kind: str) -> str:
    return f"{PREFIX}-version:{kind}"


def _new_version() -> str:
    return secrets.token_hex(8)


def _end(expires_at: float | None) -> str:
    if expires_at is None:
        return ""
    # Redis refuses 0 and less; 1 ms after 1970 is over just as well.
    return str(max(1, math.ceil(min(expires_at, _LAST_MOMENT) * 1000)))


def _bytes(value: bytes | str) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def _unavailable(error: RedisError) -> StoreUnavailable:
    return StoreUnavailable(f"Redis: {type(error).__name__}")
