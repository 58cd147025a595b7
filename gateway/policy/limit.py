"""How often something may happen: the generic cell rate algorithm of ITU-T I.371. Pure."""

from collections import OrderedDict
from collections.abc import Hashable

MAX_CELLS = 100_000
_ROUNDING_S = 1e-9  # must not make the last of an allowance wait


class RateLimit:
    """`times` at once for each key, and one more each `period_s / times` seconds."""

    def __init__(self, times: int, period_s: float) -> None:
        self.times = times
        self.period_s = period_s
        self._interval_s = period_s / times
        self._tolerance_s = period_s
        # By key, when its allowance is whole again; longest untouched first.
        self._whole_at: OrderedDict[Hashable, float] = OrderedDict()
        self._forget_at = 0.0

    def take(self, key: Hashable, now: float, count: int = 1) -> float:
        """Use `count` of the key's allowance; 0, or the seconds to wait and nothing is used."""
        known = self._whole_at.get(key, now)
        whole_at = (known if known > now else now) + count * self._interval_s
        wait_s = whole_at - now - self._tolerance_s
        if wait_s > _ROUNDING_S:
            return wait_s
        self._whole_at[key] = whole_at
        self._whole_at.move_to_end(key)
        if now >= self._forget_at or len(self._whole_at) > MAX_CELLS:
            self._forget(now)
        return 0.0

    def give_back(self, key: Hashable) -> None:
        """Undo one `take`, unless it is so long ago that it does not count any longer."""
        whole_at = self._whole_at.get(key)
        if whole_at is not None:
            self._whole_at[key] = whole_at - self._interval_s

    def wait_s(self, key: Hashable, now: float) -> float:
        """Seconds until `take` would succeed, without using anything; 0 for at once."""
        whole_at = max(self._whole_at.get(key, now), now) + self._interval_s
        wait_s = whole_at - now - self._tolerance_s
        return wait_s if wait_s > _ROUNDING_S else 0.0

    def left(self, key: Hashable, now: float) -> int:
        """How often `take` would succeed at once; `times` for a key that used nothing lately."""
        used_s = max(self._whole_at.get(key, now), now) - now
        return int((self._tolerance_s - used_s + _ROUNDING_S) / self._interval_s)

    def _forget(self, now: float) -> None:
        # A key whose allowance is whole is the same as one that was never seen.
        self._forget_at = now + self._tolerance_s
        while self._whole_at:
            key, whole_at = next(iter(self._whole_at.items()))
            if whole_at > now and len(self._whole_at) <= MAX_CELLS:
                return
            del self._whole_at[key]


class Concurrency:
    """How many of something a key may have under way at once.

    What is under way by `before`, whose limit was another, counts here too.
    """

    def __init__(self, limit: int, before: "Concurrency | None" = None) -> None:
        self._limit = limit
        self._under_way: dict[Hashable, int] = {} if before is None else before._under_way

    def enter(self, key: Hashable) -> bool:
        """Begin one; False when there are as many as may be."""
        count = self._under_way.get(key, 0)
        if count >= self._limit:
            return False
        self._under_way[key] = count + 1
        return True

    def leave(self, key: Hashable) -> None:
        """End one that was begun."""
        count = self._under_way.pop(key, 0) - 1
        if count > 0:
            self._under_way[key] = count
