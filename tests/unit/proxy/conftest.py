"""An upstream of raw bytes behind a pool with short limits."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from gateway.proxy.upstream.pool import UpstreamPool
from gateway.proxy.upstream.target import parse_target
from gateway.proxy.upstream.upstream_limits import PoolLimits
from tests.support.recording_upstream import RecordingUpstream

OpenPool = Callable[..., UpstreamPool]

LIMITS = PoolLimits(
    max_connections=10,
    max_waiting=10,
    max_wait_s=5.0,
    idle_timeout_s=4.0,
    connect_timeout_s=3.0,
    first_byte_timeout_s=5.0,
    idle_stream_timeout_s=5.0,
)


@pytest.fixture
async def open_pool(upstream: RecordingUpstream) -> AsyncIterator[OpenPool]:
    """Make a pool in front of `upstream`; keywords replace limits."""
    pools: list[UpstreamPool] = []

    def open_it(**limits: float) -> UpstreamPool:
        changed = replace(LIMITS, **limits)  # type: ignore[arg-type] # the limits' names are data
        pools.append(UpstreamPool(parse_target(upstream.url), changed))
        return pools[-1]

    yield open_it
    for pool in pools:
        await pool.aclose()


@pytest.fixture
async def pool(open_pool: OpenPool) -> UpstreamPool:
    """A pool with limits that no test reaches."""
    return open_pool()
