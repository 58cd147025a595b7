"""The composition root: builds the gateway from a `Config`, runs it, and takes it down again."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from gateway.app.admin.listener import AdminListener, open_admin
from gateway.app.carrying import open_carried
from gateway.app.descriptors import descriptors_needed, provide_descriptors
from gateway.app.drain import drain
from gateway.app.files import look_at_files
from gateway.app.generation.generation import build
from gateway.app.listening import listen, listener_limits
from gateway.app.record import Observers, open_observers
from gateway.app.revoking import Enforcement
from gateway.app.upkeep import keep_keys_fresh, keep_verdicts_fresh, watch_upstreams
from gateway.app.watching import announce_start, watch_process
from gateway.config.model import Config
from gateway.proxy.gate.gate import Gate
from gateway.proxy.inbound.listener import Listener, Told
from gateway.proxy.inbound.streams import Streams

logger = logging.getLogger(__name__)

LISTENER = "listener"


@dataclass(frozen=True, slots=True)
class Serving:
    """A gateway that runs. Ports are the real ones, also where the configuration says 0."""

    port: int
    admin: AdminListener
    gate: Gate
    observers: Observers

    def reopen_logs(self) -> None:
        """Open the audit file anew, after it was rotated."""
        self.observers.audit.reopen()

    @property
    def admin_port(self) -> int:
        """Where the admin listener is."""
        return self.admin.port

    @property
    def url(self) -> str:
        """Where the public listener is, for a client on this machine."""
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(config: Config, source: str = "") -> AsyncIterator[Serving]:
    """Run the gateway for as long as the context lasts, then drain it.

    `source` says in the log where the configuration is from.
    The admin listener opens first; the public one when the keys of every issuer were asked
    for, so that no early caller is refused for want of them. Raises `ConfigError` for what
    shows only at start, and OSError for a port that is taken.
    """
    async with _one_error(), AsyncExitStack() as stack:
        background = await stack.enter_async_context(asyncio.TaskGroup())
        observers = await stack.enter_async_context(open_observers(config))
        announce_start(config, source)
        look_at_files(config)
        stack.callback(logger.info, "stopped")
        provide_descriptors(descriptors_needed(config))
        enforcement, streams = Enforcement(), Streams()
        carried = await open_carried(config, observers, enforcement, background, stack)
        generation = await build(config, carried, background, stack)
        enforcement.begin(carried.cache, streams, generation.issuers)
        generation.tell_metrics()
        gate = Gate(generation.matcher, observers.record, carried.strangers)
        revocations = carried.shared.revocations
        observers.watch(generation.issuers, revocations)
        watch_upstreams(generation, observers, background, stack)
        observers.readiness.set_not_ready(LISTENER, "not open yet")
        admin = await stack.enter_async_context(
            open_admin(config, observers, revocations, generation.sessions, background)
        )
        keep_verdicts_fresh(generation, streams, background, stack)
        await keep_keys_fresh(generation.issuers, background, stack)
        told = Told(observers.refused, observers.stalled)
        limits = listener_limits(config)
        server = Listener(gate.handle, gate.misread, limits, told, streams, background)
        listener = await listen(config, server)
        stack.push_async_callback(drain, config, listener, server, gate, observers)
        observers.readiness.set_ready(LISTENER)
        port = listener.sockets[0].getsockname()[1]
        logger.info("listening", extra={"url": config.public_url, "port": port})
        watch_process(observers.readiness, background, stack)
        generation.control.load()
        admin.load()
        yield Serving(port, admin, gate, observers)


@asynccontextmanager
async def _one_error() -> AsyncIterator[None]:
    """Take the wrapping off that a task group puts around a lone error."""
    try:
        yield
    except BaseExceptionGroup as group:
        if len(group.exceptions) == 1:
            raise group.exceptions[0] from None
        raise
