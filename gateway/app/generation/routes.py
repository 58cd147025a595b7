"""Builds the route table: every server of every public host."""

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from gateway.app.generation.chain import build_authenticator, build_possession
from gateway.app.generation.live import build_live
from gateway.app.generation.login import build_challenges
from gateway.app.generation.origins import origin_of, servers_by_origin
from gateway.app.generation.own_tools import OwnToolsBuilder
from gateway.app.generation.parts import Parts
from gateway.app.generation.policy import (
    build_authorization,
    build_policy,
    build_vocabulary,
)
from gateway.app.generation.upstreams import build_upstream
from gateway.config.model import Config, Server
from gateway.config.reading.complete import public_url
from gateway.pages.add_to_client import add_to_client_page
from gateway.pages.page import Page
from gateway.proxy.gate.client import BodyLimits, StreamSettings
from gateway.proxy.gate.route import (
    Challenges,
    ControlPlane,
    Route,
    Routes,
    RouteSettings,
    authorities,
)
from gateway.proxy.sessions.login_in_session import Rehandshake


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
    forwarder, catalogue, requests = build_upstream(parts, name)
    live = build_live(parts, name, requests)
    challenges = build_challenges(config, name)
    page = add_to_client_page(title=challenges.realm, name=name, url=url, brand=parts.brand)
    policy = build_policy(config, server)
    authorization = build_authorization(server, policy.rules, catalogue.annotations_of)
    own_tools = OwnToolsBuilder(config, parts.issuers, words)
    header_sources = parts.header_sources.by_server.get(name, ())
    flights = parts.carried.around.flights
    rehandshake = Rehandshake(live.sessions, forwarder, header_sources, flights)
    return Route(
        name,
        url,
        _settings(config, name, challenges, page),
        live,
        authenticator=build_authenticator(parts.issuers, config, name),
        possession=build_possession(config, name, live.replays, parts.carried.shared.nonce_key),
        policy=policy,
        header_sources=header_sources,
        forwarder=forwarder,
        catalogue=catalogue,
        authorization=authorization,
        own_tools=own_tools.build(server, challenges, policy.rules, catalogue),
        rehandshake=rehandshake if policy.is_public else None,
    )


def _settings(config: Config, name: str, challenges: Challenges, page: Page) -> RouteSettings:
    server = config.servers[name]
    origins = server.allowed_origins | {origin_of(public_url(config, server))}
    limits, streams = _body_limits(server), _stream_settings(server)
    return RouteSettings(challenges, origins, limits, streams, page)


def _body_limits(server: Server) -> BodyLimits:
    limits = server.limits
    return BodyLimits(limits.body, limits.body_timeout, limits.body_total_timeout)


def _stream_settings(server: Server) -> StreamSettings:
    streams = server.streams
    return StreamSettings(
        streams.keepalive, streams.write_stall, streams.at_expiry, streams.expiry_grace
    )
