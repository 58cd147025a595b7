"""How a gateway ends: no new work, and what is under way is finished."""

import asyncio
import logging
from contextlib import suppress

from gateway.app.record import Observers
from gateway.config.model import Config
from gateway.proxy.gate.gate import Gate
from gateway.proxy.inbound.listener import Listener

LAST_WORDS_S = 1.0

logger = logging.getLogger(__name__)


async def drain(
    config: Config,
    listener: asyncio.Server,
    server: Listener,
    gate: Gate,
    observers: Observers,
) -> None:
    """Take no new work, finish what is under way, end what never ends by itself."""
    observers.readiness.drain()
    server.drain()
    under_way = {"requests": gate.in_flight, "streams": len(server.streams)}
    logger.info("draining", extra=under_way | {"limit_s": config.shutdown.drain})
    await asyncio.sleep(config.shutdown.delay)
    listener.close()
    for stream in tuple(server.streams):
        if stream.is_listening:  # a GET stream has no answer to wait for
            stream.end("draining")
    with suppress(TimeoutError):
        async with asyncio.timeout(config.shutdown.drain):
            await gate.drained()
    for stream in tuple(server.streams):
        stream.end("draining")
    await server.aclose(LAST_WORDS_S)
