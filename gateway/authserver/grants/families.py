"""All tokens that come of one login: they end together."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from gateway.authserver.login.login_method import Person
from gateway.store.store import Store

ENDED = "ended-family"

# Voids the access tokens of a family that were issued until it ended, everywhere.
VoidTokens = Callable[[str, float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Family:
    """A login and what it may be used for; times in Unix seconds.

    `dpop_key` binds every token of it to a key of the client. It ends at `ends_at` whatever is
    configured later: the marks that keep used tokens out live no longer.
    """

    family_id: str
    person: Person
    resource: str
    scopes: frozenset[str]
    started_at: float
    dpop_key: str | None = None
    ends_at: float | None = None


class Families:
    """Which families ended before their time."""

    def __init__(self, store: Store, void_tokens: VoidTokens, lifetime_s: float) -> None:
        self._store = store
        self._void_tokens = void_tokens
        self._lifetime_s = lifetime_s

    def ends_at(self, started_at: float) -> float:
        """When one that starts then is over."""
        return started_at + self._lifetime_s

    async def end(self, family_id: str, now: float) -> None:
        """End one for ever. Raises `StoreUnavailable`.

        It ends once: who ends it again says the same as before, and adds to no list.
        """
        told = msgspec.json.encode(now)
        if not await self._store.add(ENDED, family_id, told, now + self._lifetime_s):
            now = _ended_at(await self._store.get(ENDED, family_id), now)
        # Also the second time: the first may have failed in between.
        await self._void_tokens(family_id, now)

    async def has_ended(self, family_id: str) -> bool:
        """Whether somebody ended it. Raises `StoreUnavailable`."""
        return await self._store.get(ENDED, family_id) is not None


def _ended_at(mark: bytes | None, now: float) -> float:
    # Empty is what earlier versions left.
    return msgspec.json.decode(mark, type=float) if mark else now
