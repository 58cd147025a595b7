"""The responses of unknown length that are under way."""

import asyncio
from collections.abc import Callable
from math import inf

from gateway.identity.principal import Principal
from gateway.proxy.inbound.stream import Stream

# To look at a stream takes 0.1 µs: so all of them cost a five-hundredth of a core at most.
_TICK_PER_STREAM_S = 50e-6


class Streams(set[Stream]):
    """Every stream, so that time, what ends a verdict, or the gateway, can end them."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._ticker: asyncio.TimerHandle | None = None
        self._ticks_at = inf

    @property
    def now(self) -> float:
        """The time of the clock that deadlines are of."""
        return self._loop.time()

    def watch(self, stream: Stream) -> None:
        """List a stream that begins, and call it when its deadline has passed."""
        self.add(stream)
        if stream.deadline < self._ticks_at:
            self._tick_at(stream.deadline)

    def end(self, concerns: Callable[[Principal], bool], reason: str) -> int:
        """End the streams of the principals that `concerns` picks; returns how many."""
        ended = [each for each in self if each.owner and concerns(each.owner)]
        for stream in ended:
            stream.end(reason)
        return len(ended)

    def _tick(self) -> None:
        # One timer for all: one for each holds half a kilobyte.
        now = self._loop.time()
        self._ticks_at = inf
        try:
            for stream in [each for each in self if each.deadline <= now]:
                stream.expire(now)
        finally:  # else one that fails would let all others go on for ever
            earliest = min((each.deadline for each in self), default=inf)
            self._tick_at(max(earliest, now + len(self) * _TICK_PER_STREAM_S))

    def _tick_at(self, when: float) -> None:
        if self._ticker is not None:
            self._ticker.cancel()
        self._ticks_at = when
        self._ticker = None if when == inf else self._loop.call_at(when, self._tick)
