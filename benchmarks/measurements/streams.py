"""What open but silent event streams cost: memory, CPU, and the patience of new callers."""

import asyncio
import resource
import time
from dataclasses import dataclass

import uvloop

from benchmarks.clients.checks import post
from benchmarks.clients.event_stream import EventStream, close_all, discard, open_stream
from benchmarks.percentiles import percentiles
from benchmarks.processes import BenchmarkError
from benchmarks.rig import Rig
from benchmarks.targets.gateway import RunningGateway, running_gateway
from benchmarks.targets.upstream import running_upstream

IDLE_S = 10
_OPENING_AT_ONCE = 100
_NEW_REQUESTS = 500
_NEW_REQUEST_EVERY_S = 0.01
_CLOSE_LIMIT_S = 30.0
_SPARE_DESCRIPTORS = 200


@dataclass(frozen=True, slots=True)
class IdleStreams:
    """Figures of the gateway process with `count` streams open."""

    count: int
    open_s: float
    rss_before: int
    rss_open: int
    rss_closed: int
    idle_cpu_percent: float
    new_request_p50_ms: float
    new_request_p99_ms: float

    @property
    def bytes_per_stream(self) -> float:
        """The growth of resident memory, for one stream."""
        return (self.rss_open - self.rss_before) / self.count


def measure_streams(rig: Rig, *, count: int) -> IdleStreams:
    """Open `count` streams through one gateway, wait, ask new things, and close them."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit < 2 * count + _SPARE_DESCRIPTORS:  # the gateway has two sockets for each
        raise BenchmarkError(f"{count} streams need more than {limit} open files; see ulimit -Hn")
    with (
        running_upstream(rig.directory) as (_, upstream_port),
        running_gateway(rig.directory, rig.issuer, upstream_port) as gateway,
    ):
        return uvloop.run(_measure(gateway, rig.issuer.token(), count))


async def _measure(gateway: RunningGateway, token: str, count: int) -> IdleStreams:
    process = gateway.process
    await _new_requests(gateway.port, token)  # grows what grows once
    rss_before, descriptors = process.rss_bytes(), process.descriptors()
    began = time.monotonic()
    streams: list[EventStream] = []
    try:
        await _open_all(gateway.port, token, count, streams)
        open_s = time.monotonic() - began
        cpu_before = process.cpu_s()
        await asyncio.sleep(IDLE_S)
        idle_cpu_s = process.cpu_s() - cpu_before
        rss_open = process.rss_bytes()
        waits = percentiles(await _new_requests(gateway.port, token))
        if any(stream.transport is None for stream in streams):
            raise BenchmarkError("a stream was closed while it was idle")
    finally:
        close_all(streams)
    await _wait_for_descriptors(gateway, descriptors + _SPARE_DESCRIPTORS)
    return IdleStreams(
        count=count,
        open_s=open_s,
        rss_before=rss_before,
        rss_open=rss_open,
        rss_closed=process.rss_bytes(),
        idle_cpu_percent=100 * idle_cpu_s / IDLE_S,
        new_request_p50_ms=waits.p50 * 1000,
        new_request_p99_ms=waits.p99 * 1000,
    )


async def _open_all(port: int, token: str, count: int, streams: list[EventStream]) -> None:
    turns = asyncio.Semaphore(_OPENING_AT_ONCE)

    async def open_one() -> None:
        async with turns:
            streams.append(await open_stream(port, token, discard))

    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(open_one())


async def _new_requests(port: int, token: str) -> list[float]:
    """Ask on new connections; returns seconds until each answer."""
    waits: list[float] = []
    for _ in range(_NEW_REQUESTS):
        began = time.monotonic()
        status = await asyncio.to_thread(post, port, token)
        waits.append(time.monotonic() - began)
        if status != 200:  # noqa: PLR2004  # OK
            raise BenchmarkError(f"a new request got {status} beside the idle streams")
        await asyncio.sleep(_NEW_REQUEST_EVERY_S)
    return waits


async def _wait_for_descriptors(gateway: RunningGateway, wanted: int) -> None:
    async with asyncio.timeout(_CLOSE_LIMIT_S):
        while gateway.process.descriptors() > wanted:  # noqa: ASYNC110  # no event crosses over
            await asyncio.sleep(0.1)
