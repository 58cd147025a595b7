"""Builds the route table: every server of every public host."""

import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from urllib.parse import urlsplit

from gateway.app.generation.header_sources import identity_bounds
from gateway.app.generation.login import asked_for, dpop_algorithms, login_scopes
from gateway.app.generation.origins import origin_of, servers_by_origin
from gateway.app.generation.own_tools import OwnToolsBuilder
from gateway.app.generation.parts import Parts, SharedFacts
from gateway.app.generation.policy import (
    build_admission,
    build_authorization,
    build_vocabulary,
    has_public_part,
)
from gateway.config.model import Config, Server
from gateway.config.reading.complete import public_url
from gateway.identity.dpop.nonce import Nonces
from gateway.identity.dpop.possession import Possession
from gateway.identity.dpop.replay import ReplayCache
from gateway.oauth.resource_metadata import resource_metadata_url
from gateway.proxy.gate.client import BodyLimits, StreamSettings
from gateway.proxy.gate.route import (
    Challenges,
    ControlPlane,
    Route,
    Routes,
    authorities,
)
from gateway.proxy.limits.limits import CallerLimits
from gateway.proxy.limits.shared_limits import SharedLimits
from gateway.proxy.outgoing.legacy_endpoint import LegacyEndpoints
from gateway.proxy.outgoing.request_head import HeaderPolicy
from gateway.proxy.sessions.login_in_session import Rehandshake
from gateway.proxy.sessions.sessions import Sessions
from gateway.proxy.upstream.forward import Forwarder
from gateway.proxy.upstream.gateway_requests import OwnRequests
from gateway.proxy.upstream.pool import UpstreamPool
from gateway.proxy.upstream.target import build_tls, parse_target
from gateway.proxy.upstream.tool_catalogue import ToolCatalogue
from gateway.proxy.upstream.upstream_limits import PoolLimits
from gateway.resilience.clocks import Clocks
from gateway.store.rates import SharedRates


def build_routes(parts: Parts, control: Callable[[], Awaitable[ControlPlane]]) -> Routes:
    """Build every server's route; `control` answers what is for none of them."""
    hosts: dict[str, Mapping[str, Route]] = {}
    for origin, names in servers_by_origin(parts.config).items():
        routes = [build_route(parts, name) for name in names]
        servers = {urlsplit(route.url).path or "/": route for route in routes}
        hosts |= dict.fromkeys(authorities(origin), servers)
    return Routes(hosts, control)


def build_route(parts: Parts, name: str) -> Route:
    """Build one server's route and the pool of its upstream."""
    config, server = parts.config, parts.config.servers[name]
    url = public_url(config, server)
    words = build_vocabulary(config)
    forwarder = _build_forwarder(parts, name, server)
    header_sources = parts.header_sources.by_server.get(name, ())
    target = parse_target(server.upstream.url, None)
    requests = OwnRequests(forwarder.pool, target, header_sources, server.upstream.host)
    catalogue = ToolCatalogue(requests, parts.shared.flights, time.monotonic)
    sessions = Sessions(name, parts.seal, server.sessions, parts.shared.on_session)
    sessions.on_abandoned = partial(_end_upstream_session, parts.shared, requests)
    parts.metrics.server(name).sessions_open = sessions.__len__
    challenges = _challenges(config, name, server, url)
    authorization = build_authorization(server, words, catalogue.annotations_of)
    rules = None if authorization is None else authorization.rules
    own_tools = OwnToolsBuilder(config, parts.issuers, words)
    return Route(
        name=name,
        url=url,
        challenges=challenges,
        origins=server.allowed_origins | {origin_of(url)},
        authenticator=parts.issuers.authenticator(name, server, config),
        possession=_possession(parts, server, url),
        admit=build_admission(server, words),
        header_sources=header_sources,
        forwarder=forwarder,
        metrics=parts.metrics.server(name),
        sessions=sessions,
        catalogue=catalogue,
        limits=CallerLimits(
            server.limits, server.upstream.max_connections, _shared_limits(parts, name)
        ),
        body=BodyLimits(
            server.limits.body, server.limits.body_timeout, server.limits.body_total_timeout
        ),
        streams=StreamSettings(
            server.streams.keepalive,
            server.streams.write_stall,
            server.streams.at_expiry,
            server.streams.expiry_grace,
        ),
        anonymous=has_public_part(server),
        authorization=authorization,
        own_tools=own_tools.build(server, challenges, rules, catalogue),
        rehandshake=Rehandshake(sessions, forwarder, header_sources, parts.shared.flights)
        if has_public_part(server)
        else None,
    )


def _end_upstream_session(
    shared: SharedFacts, requests: OwnRequests, upstream_id: bytes, reason: str
) -> None:
    """Let the server forget a session too: other replicas would still know its id."""
    if reason in ("idle", "cap") and isinstance(shared.store, SharedRates):
        return  # unused here; who knows about the other replicas
    shared.flights.launch((requests, upstream_id), partial(requests.end_session, upstream_id))


def _shared_limits(parts: Parts, name: str) -> SharedLimits | None:
    """What counts for all replicas, None where the store is this process's own."""
    store = parts.shared.store
    if not isinstance(store, SharedRates):
        return None
    failed = parts.metrics.server(name).limits_failed
    return SharedLimits(name, store, parts.config.store.limits_fail, failed)


def _build_forwarder(parts: Parts, name: str, server: Server) -> Forwarder:
    upstream, timeouts = server.upstream, server.timeouts
    tls = None
    if upstream.url.startswith("https://"):
        tls = build_tls(upstream.ca_file, upstream.client_cert_file, upstream.client_key_file)
    target = parse_target(upstream.url, tls)
    limits = PoolLimits(
        max_connections=upstream.max_connections,
        max_waiting=upstream.max_waiting,
        max_wait_s=upstream.max_wait,
        idle_timeout_s=upstream.idle_timeout,
        connect_timeout_s=timeouts.connect,
        first_byte_timeout_s=timeouts.first_byte,
        idle_stream_timeout_s=timeouts.idle_stream,
    )
    pool = parts.pools[name] = UpstreamPool(target, limits)
    return Forwarder(
        pool,
        HeaderPolicy(
            server.forward,
            upstream,
            target.authority,
            bounds=identity_bounds(parts.config, server),
        ),
        target,
        public_url=public_url(parts.config, server),
        endpoints=LegacyEndpoints(name, parts.seal, server.sessions.lifetime),
    )


def _challenges(config: Config, name: str, server: Server, url: str) -> Challenges:
    return Challenges(
        resource_metadata_url(url),
        server.resource_name or name,
        login_scopes(config, server),
        dpop_algorithms(server),
        dpop_only=server.auth.dpop.mode == "required",
        asked=asked_for(config, server),
    )


def _possession(parts: Parts, server: Server, url: str) -> Possession:
    dpop = server.auth.dpop
    nonces = Nonces(parts.shared.nonce_key) if dpop.nonce else None
    return Possession(dpop, url, ReplayCache(Clocks(), dpop.max_age), nonces)
