"""The composition root: builds the gateway from a `Config`, runs it, and takes it down again."""

import asyncio
import hashlib
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from gateway.app.admin.listener import AdminListener, open_admin
from gateway.app.control_plane.loading import late_control_plane
from gateway.app.descriptors import descriptors_needed, provide_descriptors
from gateway.app.files import look_at_files
from gateway.app.generation.header_sources import open_introducers
from gateway.app.generation.issuers import Issuers, open_issuers
from gateway.app.generation.parts import Parts, SharedFacts
from gateway.app.generation.routes import build_routes
from gateway.app.record import Observers, open_observers
from gateway.app.revoking import Enforcement, open_revocations
from gateway.app.sealing_key import sealing_key
from gateway.app.watching import Watcher, announce_start
from gateway.config.model import Config
from gateway.identity.keys.sources import IdentityServices
from gateway.identity.revocation.revocations import Revocations
from gateway.identity.verdict.cache import VerdictCache
from gateway.proxy.gate.gate import Gate
from gateway.proxy.gate.match import Matcher
from gateway.proxy.inbound.listener import Listener, ListenerLimits, Told
from gateway.proxy.inbound.renewals import Renewals
from gateway.proxy.inbound.streams import Streams
from gateway.proxy.limits.limits import UnauthenticatedLimits
from gateway.proxy.upstream.pool import UpstreamPool
from gateway.proxy.upstream.reach import Reach
from gateway.resilience.clocks import Clocks
from gateway.resilience.single_flight import SingleFlight
from gateway.sealing.seal import Seal
from gateway.store.store import open_store

logger = logging.getLogger(__name__)

BACKLOG = 1024
TLS_HANDSHAKE_TIMEOUT_S = 10.0
FIRST_KEYS_TIMEOUT_S = 5.0
LISTENER = "listener"
LAST_WORDS_S = 1.0


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
        flights = SingleFlight(background)
        store = open_store(config.store, config.state_dir)
        stack.push_async_callback(store.aclose)
        enforcement = Enforcement()
        cache = VerdictCache(config.cache, flights, Clocks(), enforcement.check)
        around = _surroundings(flights, observers, enforcement)
        issuers = await open_issuers(config, around, cache, stack)
        revocations = await open_revocations(config, store, enforcement)
        pools: dict[str, UpstreamPool] = {}
        key = sealing_key(config)
        header_sources = await open_introducers(config, around, background, stack)
        # A key of its own for each purpose.
        nonce_key = hashlib.blake2b(b"dpop nonce", key=key).digest()
        shared = SharedFacts(store, revocations, nonce_key, flights, observers.session)
        parts = Parts(config, issuers, observers.metrics, Seal(key), pools, shared, header_sources)
        control = await stack.enter_async_context(late_control_plane(parts, background))
        routes = build_routes(parts, control.loaded)
        streams = Streams()
        strangers = UnauthenticatedLimits(config.limits.unauthenticated_per_address)
        gate = Gate(Matcher(routes, config.trusted_proxies), observers.record, strangers)
        enforcement.cache, enforcement.streams, enforcement.issuers = cache, streams, issuers
        for pool in pools.values():
            stack.push_async_callback(pool.aclose)
        observers.watch(issuers, revocations)
        _watch_upstreams(config, pools, observers, background, stack)
        observers.readiness.set_not_ready(LISTENER, "not open yet")
        admin = await stack.enter_async_context(
            open_admin(config, observers, revocations, routes.sessions, background)
        )
        renewals = Renewals(streams, flights)
        _keep_verdicts_fresh(issuers, revocations, renewals, background, stack)
        await _keep_keys_fresh(issuers, background, stack)
        server = Listener(
            gate.handle,
            gate.misread,
            _limits(config),
            Told(observers.refused, observers.stalled),
            streams,
            background,
        )
        listener = await _listen(config, server)
        stack.push_async_callback(_drain, config, listener, server, gate, observers)
        observers.readiness.set_ready(LISTENER)
        port = listener.sockets[0].getsockname()[1]
        logger.info("listening", extra={"url": config.public_url, "port": port})
        watcher = Watcher(observers.readiness)
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(watcher.on_loop_error)
        stack.callback(loop.set_exception_handler, None)
        stack.callback(background.create_task(watcher.run()).cancel)
        control.load()
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


def _surroundings(
    flights: SingleFlight, observers: Observers, enforcement: Enforcement
) -> IdentityServices:
    return IdentityServices(
        flights,
        on_fetch=observers.metrics.jwks_fetch,
        on_removed=enforcement.end_keys,
        on_ended=enforcement.end,
        on_asked=observers.metrics.issuer_request,
    )


def _keep_verdicts_fresh(
    issuers: Issuers,
    revocations: Revocations,
    renewals: Renewals,
    group: asyncio.TaskGroup,
    stack: AsyncExitStack,
) -> None:
    """Watch the files and the store that say who counts no longer, and ask for streams again."""
    watched = [revocations.run(), renewals.run()]
    if issuers.keys is not None:
        watched.append(issuers.keys.run())
    for watching in watched:
        stack.callback(group.create_task(watching).cancel)


def _watch_upstreams(
    config: Config,
    pools: Mapping[str, UpstreamPool],
    observers: Observers,
    group: asyncio.TaskGroup,
    stack: AsyncExitStack,
) -> None:
    """Know of each upstream whether it can be reached, and say when that changes."""
    always = config.admin.readiness.upstreams != "ignore"
    for name, pool in pools.items():
        timeout_s = config.servers[name].timeouts.connect
        on_change = observers.metrics.server(name).upstream_reached
        reach = Reach(name, pool.target, timeout_s, on_change, always=always)
        pool.on_unreachable = reach.suspect
        observers.watch_upstream(name, reach)
        stack.callback(group.create_task(reach.run()).cancel)


async def _keep_keys_fresh(
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


def _limits(config: Config) -> ListenerLimits:
    return ListenerLimits(
        connections=config.limits.connections,
        connections_per_address=config.limits.connections_per_address,
        header_timeout_s=config.limits.header_timeout,
        keepalive_s=config.limits.keepalive,
        write_stall_s=max(server.streams.write_stall for server in config.servers.values()),
        proxies=config.trusted_proxies,
    )


async def _listen(config: Config, server: Listener) -> asyncio.Server:
    tls = None
    if config.tls is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 9325 §3.1.1
        tls.load_cert_chain(config.tls.cert_file, config.tls.key_file)
    return await asyncio.get_running_loop().create_server(
        server,
        config.listen.host or None,
        config.listen.port,
        backlog=BACKLOG,
        ssl=tls,
        ssl_handshake_timeout=TLS_HANDSHAKE_TIMEOUT_S if tls else None,
    )


async def _drain(
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
