"""Facts of one process, gone with it."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping

SWEEP_S = 1.0


class MemoryStore:
    """A dictionary with expiry."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._values: defaultdict[str, dict[str, tuple[bytes, float | None]]] = defaultdict(dict)
        self._versions: defaultdict[str, int] = defaultdict(int)
        self._sweep_at: defaultdict[str, float] = defaultdict(float)

    async def add(self, kind: str, key: str, value: bytes, expires_at: float | None) -> bool:
        """Keep a value unless there is one."""
        if await self.get(kind, key) is not None:
            return False
        # All of a kind are looked at seldom: there may be many, and each is added once.
        now = self._clock()
        if now >= self._sweep_at[kind]:
            self._sweep_at[kind] = now + SWEEP_S
            self._unexpired(kind)
        known = self._values[kind]
        known[key] = (value, expires_at)
        self._versions[kind] += 1
        return True

    async def get(self, kind: str, key: str) -> bytes | None:
        """The value."""
        found = self._values[kind].get(key)
        if found is None or (found[1] is not None and found[1] <= self._clock()):
            return None
        return found[0]

    async def remove(self, kind: str, key: str) -> bool:
        """Forget a value."""
        if self._unexpired(kind).pop(key, None) is None:
            return False
        self._versions[kind] += 1
        return True

    async def entries(self, kind: str) -> Mapping[str, bytes]:
        """Every value of a kind."""
        return {key: value for key, (value, _) in self._unexpired(kind).items()}

    async def version(self, kind: str) -> str:
        """A number that grows with every change."""
        return str(self._versions[kind])

    async def aclose(self) -> None:
        """Nothing to let go of."""

    def _unexpired(self, kind: str) -> dict[str, tuple[bytes, float | None]]:
        now = self._clock()
        known = self._values[kind]
        for key in [key for key, (_, end) in known.items() if end is not None and end <= now]:
            del known[key]
        return known
