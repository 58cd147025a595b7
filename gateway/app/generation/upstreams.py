"""Builds the way to each server: the pool of its connections, and what is sent there."""

import time

from gateway.app.generation.header_sources import identity_bounds
from gateway.app.generation.parts import Parts
from gateway.config.model import Server
from gateway.config.reading.complete import public_url
from gateway.proxy.outgoing.legacy_endpoint import LegacyEndpoints
from gateway.proxy.outgoing.request_head import HeaderPolicy
from gateway.proxy.upstream.forward import Forwarder
from gateway.proxy.upstream.gateway_requests import OwnRequests
from gateway.proxy.upstream.pool import UpstreamPool
from gateway.proxy.upstream.target import Target, build_tls, parse_target
from gateway.proxy.upstream.tool_catalogue import ToolCatalogue
from gateway.proxy.upstream.upstream_limits import PoolLimits


def build_upstream(parts: Parts, name: str) -> tuple[Forwarder, ToolCatalogue, OwnRequests]:
    """What forwards to a server, what knows its tools, and what asks it for the gateway."""
    server = parts.config.servers[name]
    target = _target(server)
    pool = UpstreamPool(target, _limits(server))
    forwarder = Forwarder(
        pool,
        HeaderPolicy(
            server.forward,
            server.upstream,
            target.authority,
            bounds=identity_bounds(parts.config, server),
        ),
        target,
        public_url=public_url(parts.config, server),
        endpoints=LegacyEndpoints(name, parts.carried.shared.seal, server.sessions.lifetime),
    )
    header_sources = parts.header_sources.by_server.get(name, ())
    requests = OwnRequests(pool, target, header_sources, server.upstream.host)
    catalogue = ToolCatalogue(requests, parts.carried.around.flights, time.monotonic)
    return forwarder, catalogue, requests


def _target(server: Server) -> Target:
    upstream, tls = server.upstream, None
    if upstream.url.startswith("https://"):
        tls = build_tls(upstream.ca_file, upstream.client_cert_file, upstream.client_key_file)
    return parse_target(upstream.url, tls)


def _limits(server: Server) -> PoolLimits:
    upstream, timeouts = server.upstream, server.timeouts
    return PoolLimits(
        max_connections=upstream.max_connections,
        max_waiting=upstream.max_waiting,
        max_wait_s=upstream.max_wait,
        idle_timeout_s=upstream.idle_timeout,
        connect_timeout_s=timeouts.connect,
        first_byte_timeout_s=timeouts.first_byte,
        idle_stream_timeout_s=timeouts.idle_stream,
    )
