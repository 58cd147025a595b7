"""How much later an event arrives through the gateway than straight from its server."""

import asyncio
import re
import time
from dataclasses import dataclass

import uvloop

from benchmarks.clients.event_stream import open_stream
from benchmarks.percentiles import Percentiles, percentiles
from benchmarks.rig import Rig
from benchmarks.targets.gateway import running_gateway
from benchmarks.targets.upstream import running_upstream

EVENTS = 2000
EVENTS_PER_SECOND = 500
_TURNS = 4
_EVENT = re.compile(rb"data: (\d+)\n\n")


@dataclass(frozen=True, slots=True)
class EventLatency:
    """From the server's clock to the client's, in µs; both read the same monotonic clock."""

    direct: Percentiles
    gateway: Percentiles


class _Arrivals:
    """Notes how old each event is when it arrives."""

    def __init__(self, wanted: int) -> None:
        self.ages_us: list[float] = []
        self.complete = asyncio.Event()
        self._wanted = wanted
        self._rest = b""

    def note(self, data: bytes) -> None:
        now = time.monotonic_ns()
        data = self._rest + data
        end = 0
        for event in _EVENT.finditer(data):
            self.ages_us.append((now - int(event[1])) / 1000)
            end = event.end()
        self._rest = data[end:]
        if len(self.ages_us) >= self._wanted:
            self.complete.set()


def measure_latency(rig: Rig) -> EventLatency:
    """Listen in turns, straight and through the gateway, to 2,000 events each."""
    with (
        running_upstream(rig.directory, events_per_second=EVENTS_PER_SECOND) as (_, upstream_port),
        running_gateway(rig.directory, rig.issuer, upstream_port) as gateway,
    ):
        return uvloop.run(_listen_in_turns(upstream_port, gateway.port, rig.issuer.token()))


async def _listen_in_turns(upstream_port: int, gateway_port: int, token: str) -> EventLatency:
    direct: list[float] = []
    through: list[float] = []
    for _ in range(_TURNS):
        direct += await _listen(upstream_port, token, EVENTS // _TURNS)
        through += await _listen(gateway_port, token, EVENTS // _TURNS)
    return EventLatency(percentiles(direct), percentiles(through))


async def _listen(port: int, token: str, count: int) -> list[float]:
    arrivals = _Arrivals(count)
    stream = await open_stream(port, token, arrivals.note)
    try:
        async with asyncio.timeout(5 + 2 * count / EVENTS_PER_SECOND):
            await arrivals.complete.wait()
    finally:
        stream.close()
    return arrivals.ages_us[:count]
