"""What is done beside serving: keys and verdicts are kept fresh, servers are looked at."""

import asyncio
import logging
from contextlib import AsyncExitStack

from gateway.app.generation.generation import Generation
from gateway.app.generation.issuers import Issuers
from gateway.app.record import Observers
from gateway.proxy.inbound.renewals import Renewals
from gateway.proxy.inbound.streams import Streams
from gateway.proxy.upstream.reach import Reach

FIRST_KEYS_TIMEOUT_S = 5.0

logger = logging.getLogger(__name__)


def keep_verdicts_fresh(
    generation: Generation,
    streams: Streams,
    group: asyncio.TaskGroup,
    stack: AsyncExitStack,
) -> None:
    """Watch the files and the store that say who counts no longer, and ask for streams again."""
    carried, keys = generation.carried, generation.issuers.keys
    renewals = Renewals(streams, carried.around.flights)
    watched = [carried.shared.revocations.run(), renewals.run()]
    if keys is not None:
        watched.append(keys.run())
    for watching in watched:
        stack.callback(group.create_task(watching).cancel)


def watch_upstreams(
    generation: Generation,
    observers: Observers,
    group: asyncio.TaskGroup,
    stack: AsyncExitStack,
) -> None:
    """Know of each upstream whether it can be reached, and say when that changes."""
    config = generation.config
    always = config.admin.readiness.upstreams != "ignore"
    for name, pool in generation.pools.items():
        timeout_s = config.servers[name].timeouts.connect
        on_change = observers.metrics.server(name).upstream_reached
        reach = Reach(name, pool.target, timeout_s, on_change, always=always)
        pool.on_unreachable = reach.suspect
        observers.watch_upstream(name, reach)
        stack.callback(group.create_task(reach.run()).cancel)


async def keep_keys_fresh(
    issuers: Issuers, group: asyncio.TaskGroup, stack: AsyncExitStack
) -> None:
    """Start refreshing, and wait a moment for the first keys; without them `/readyz` says no."""
    for sources in issuers.sources.values():
        task = group.create_task(sources.run())
        stack.callback(task.cancel)
    try:
        async with asyncio.timeout(FIRST_KEYS_TIMEOUT_S):
            for sources in issuers.sources.values():
                await sources.fetch_first()
    except TimeoutError:
        logger.warning("not every issuer answered; their tokens get 503 until one does")
