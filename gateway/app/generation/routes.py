"""Builds the route table: every server, and the documents of every public host."""

import time
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from gateway.app.generation.header_sources import Introducers, identity_bounds
from gateway.app.generation.issuers import Issuers
from gateway.app.generation.login import (
    asked_for,
    authorization_servers,
    login_scopes,
    own_origin_issuer,
)
from gateway.app.generation.own_tools import OwnToolsBuilder
from gateway.app.generation.policy import (
    build_admission,
    build_authorization,
    build_vocabulary,
    has_public_part,
)
from gateway.app.revoking import logout_taker
from gateway.config.model import Config, Server
from gateway.config.reading.complete import public_url
from gateway.identity.dpop.nonce import Nonces
from gateway.identity.dpop.possession import Possession
from gateway.identity.dpop.replay import ReplayCache
from gateway.identity.keys.local_issuer import JWKS_PATH
from gateway.identity.revocation.revocations import Revocations
from gateway.oauth.dpop import ALGORITHMS
from gateway.oauth.resource_metadata import (
    build_resource_metadata,
    dpop_members,
    resource_metadata_url,
    well_known_path,
)
from gateway.observability.metrics.metrics import Metrics
from gateway.pages.server_info import ServerSummary, server_info, server_info_page
from gateway.proxy.documents import (
    current_document,
    fetched_document,
    fixed_document,
    page_or_document,
)
from gateway.proxy.gate.client import BodyLimits
from gateway.proxy.gate.route import Answer, Challenges, Receiver, Route, Routes, Site, authorities
from gateway.proxy.gate.stream_settings import StreamSettings
from gateway.proxy.limits.limits import CallerLimits
from gateway.proxy.limits.shared_limits import SharedLimits
from gateway.proxy.logout import logout_receiver
from gateway.proxy.outgoing.assertion_keys import PATH as ASSERTION_KEYS
from gateway.proxy.outgoing.legacy_endpoint import LegacyEndpoints
from gateway.proxy.outgoing.request_head import HeaderPolicy
from gateway.proxy.sessions.login_in_session import Rehandshake
from gateway.proxy.sessions.sessions import OnEvent, Sessions
from gateway.proxy.upstream.forward import Forwarder
from gateway.proxy.upstream.gateway_requests import OwnRequests
from gateway.proxy.upstream.pool import UpstreamPool
from gateway.proxy.upstream.target import build_tls, parse_target
from gateway.proxy.upstream.tool_catalogue import ToolCatalogue
from gateway.proxy.upstream.upstream_limits import PoolLimits
from gateway.resilience.clocks import Clocks
from gateway.resilience.single_flight import SingleFlight
from gateway.sealing.seal import Seal
from gateway.store.rates import SharedRates
from gateway.store.store import Store

ROOT_RESOURCE = "/.well-known/oauth-protected-resource"
SERVER_METADATA = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")
LOGOUT_PATH = "/.well-known/mcpgw/backchannel-logout"
HEALTH = {"status": "ok", "oauth": "enabled"}


@dataclass(frozen=True, slots=True)
class SharedFacts:
    """What replicas have in common; `nonce_key` makes the nonces of DPoP proofs."""

    store: Store
    revocations: Revocations
    nonce_key: bytes
    flights: SingleFlight
    on_session: OnEvent


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes are built from."""

    config: Config
    issuers: Issuers
    metrics: Metrics
    seal: Seal
    pools: dict[str, UpstreamPool]
    shared: SharedFacts
    header_sources: Introducers


def build_routes(parts: Parts) -> Routes:
    """Build every server's route and every host's documents."""
    config = parts.config
    sites: dict[str, Site] = {}
    origins = {name: _origin(public_url(config, server)) for name, server in config.servers.items()}
    for origin in sorted(set(origins.values())):
        names = [name for name in config.servers if origins[name] == origin]
        routes = [build_route(parts, name) for name in names]
        servers = {urlsplit(route.url).path or "/": route for route in routes}
        site = Site(servers, _documents(parts, names), _receivers(parts))
        sites |= dict.fromkeys(authorities(origin), site)
    anywhere = {"/health": fixed_document(HEALTH, cached=False)}
    if parts.header_sources.keys is not None:
        # Upstreams ask by whatever address they reach the gateway at.
        anywhere[ASSERTION_KEYS] = current_document(parts.header_sources.keys.jwks)
    return Routes(sites, anywhere)


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
        origins=server.allowed_origins | {_origin(url)},
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


def resource_document(config: Config, server: Server) -> dict[str, object]:
    """Build the RFC 9728 document of one server."""
    supported = server.auth.scopes_supported
    scopes = server.auth.scopes if supported is None else supported
    return build_resource_metadata(
        resource=server.resource,
        authorization_servers=authorization_servers(config, server),
        scopes_supported=asked_for(config, server).named(scopes, None),
        dpop=dpop_members(_dpop_algorithms(server), required=server.auth.dpop.mode == "required"),
        names={
            "resource_name": server.resource_name,
            "resource_documentation": server.resource_documentation,
        },
        extra=server.metadata,
    )


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


def _documents(parts: Parts, names: list[str]) -> dict[str, Answer]:
    config = parts.config
    documents: dict[str, Answer] = {}
    for name in names:
        server = config.servers[name]
        documents[well_known_path(public_url(config, server))] = fixed_document(
            resource_document(config, server)
        )
    main = config.default_server if config.default_server in names else None
    main = main or (names[0] if len(names) == 1 else None)
    if main is not None:
        root = fixed_document(resource_document(config, config.servers[main]))
        documents.setdefault(ROOT_RESOURCE, root)
    first = own_origin_issuer(config, config.servers[main or names[0]])
    if first is not None:
        metadata = fetched_document(parts.issuers.metadata_of(first))
        documents |= dict.fromkeys(SERVER_METADATA, metadata)
    for local in parts.issuers.local.values():
        documents[JWKS_PATH] = fixed_document(local.jwks())
    documents["/"] = _information(config, names)
    return documents


def _receivers(parts: Parts) -> dict[str, Receiver]:
    """Where each issuer may send its logout tokens."""
    receivers: dict[str, Receiver] = {}
    for name, services in parts.issuers.services.items():
        if services.issuer.backchannel_logout is not None:
            shared = parts.shared
            take = logout_taker(services.issuer, services.sources, shared.revocations, shared.store)
            receivers[f"{LOGOUT_PATH}/{name}"] = logout_receiver(take)
    return receivers


def _information(config: Config, names: list[str]) -> Answer:
    about = [
        ServerSummary(
            name=name,
            title=config.servers[name].resource_name or name,
            url=public_url(config, config.servers[name]),
            resource_metadata=resource_metadata_url(public_url(config, config.servers[name])),
            authorization_servers=authorization_servers(config, config.servers[name]),
            scopes=sorted(login_scopes(config, config.servers[name])),
        )
        for name in names
    ]
    page = server_info_page(about)
    return page_or_document(server_info(about), page.html, page.content_security_policy)


def _challenges(config: Config, name: str, server: Server, url: str) -> Challenges:
    return Challenges(
        resource_metadata_url(url),
        server.resource_name or name,
        login_scopes(config, server),
        _dpop_algorithms(server),
        dpop_only=server.auth.dpop.mode == "required",
        asked=asked_for(config, server),
    )


def _dpop_algorithms(server: Server) -> tuple[str, ...]:
    return () if server.auth.dpop.mode == "off" else ALGORITHMS


def _possession(parts: Parts, server: Server, url: str) -> Possession:
    dpop = server.auth.dpop
    nonces = Nonces(parts.shared.nonce_key) if dpop.nonce else None
    return Possession(dpop, url, ReplayCache(Clocks(), dpop.max_age), nonces)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
