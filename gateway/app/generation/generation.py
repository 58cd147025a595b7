"""One configuration at work: built as a whole, and put in the place of another at once."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from gateway.app.brand import build_brand
from gateway.app.control_plane.loading import LateControlPlane, late_control_plane
from gateway.app.generation.header_sources import open_introducers
from gateway.app.generation.issuers import Issuers, open_issuers
from gateway.app.generation.parts import Carried, Parts
from gateway.app.generation.routes import build_routes
from gateway.config.model import Config
from gateway.proxy.gate.match import Matcher
from gateway.proxy.gate.route import Route, Routes
from gateway.proxy.sessions.sessions import Sessions
from gateway.proxy.upstream.pool import UpstreamPool


@dataclass(frozen=True, slots=True)
class Generation:
    """What one configuration was built into.

    `gate.matcher = generation.matcher` puts it to work, also for heads that are remembered.
    `carried` is what the next one is built with.
    """

    config: Config
    issuers: Issuers
    control: LateControlPlane
    routes: Routes
    matcher: Matcher
    carried: Carried

    @property
    def servers(self) -> Mapping[str, Route]:
        """Every route, by the name of its server."""
        return {route.name: route for route in self.routes.servers}

    @property
    def sessions(self) -> Mapping[str, Sessions]:
        """The sessions of each server."""
        return {name: live.sessions for name, live in self.carried.servers.items()}

    @property
    def pools(self) -> Mapping[str, UpstreamPool]:
        """The connections to each server."""
        return {name: route.forwarder.pool for name, route in self.servers.items()}

    def tell_metrics(self) -> None:
        """Let metrics ask this one how many sessions there are."""
        for live in self.carried.servers.values():
            live.metrics.sessions_open = live.sessions.__len__


async def build(
    config: Config, carried: Carried, group: asyncio.TaskGroup, stack: AsyncExitStack
) -> Generation:
    """Build everything that a configuration says; nothing that serves now is changed by it.

    What it opens closes with `stack`. Raises `ConfigError` for what shows only now.
    """
    issuers = await open_issuers(config, carried.around, carried.cache, stack)
    header_sources = await open_introducers(config, carried.around, group, stack)
    parts = Parts(config, issuers, header_sources, carried, build_brand(config.brand))
    control = await stack.enter_async_context(late_control_plane(parts, group))
    routes = build_routes(parts, control.loaded)
    _close_pools(routes.servers, stack)
    live = {route.name: route.live for route in routes.servers}
    matcher = Matcher(routes, config.trusted_proxies)
    return Generation(config, issuers, control, routes, matcher, replace(carried, servers=live))


def _close_pools(routes: Sequence[Route], stack: AsyncExitStack) -> None:
    for route in routes:
        stack.push_async_callback(route.forwarder.pool.aclose)
