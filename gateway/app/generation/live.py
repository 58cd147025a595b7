"""Builds what lives at each server, from what lived there before."""

from functools import partial

from gateway.app.generation.parts import Parts, SharedFacts
from gateway.identity.dpop.replay import ReplayCache
from gateway.proxy.limits.limits import CallerLimits
from gateway.proxy.limits.shared_limits import SharedLimits
from gateway.proxy.sessions.live import Live
from gateway.proxy.sessions.sessions import Sessions
from gateway.proxy.upstream.gateway_requests import OwnRequests
from gateway.resilience.clocks import Clocks
from gateway.resilience.single_flight import SingleFlight
from gateway.store.rates import SharedRates


def build_live(parts: Parts, name: str, requests: OwnRequests) -> Live:
    """What goes on at a server under its settings of now; `requests` ends sessions there."""
    carried, server = parts.carried, parts.config.servers[name]
    before = carried.servers.get(name)
    sessions = Sessions(
        name,
        parts.carried.shared.seal,
        server.sessions,
        carried.on_session,
        before=before.sessions if before else None,
    )
    sessions.on_abandoned = partial(
        _end_upstream_session, parts.carried.shared, carried.around.flights, requests
    )
    limits = CallerLimits(
        server.limits,
        server.upstream.max_connections,
        _shared_limits(parts, name),
        before=before.limits if before else None,
    )
    max_age_s = server.auth.dpop.max_age
    replays = ReplayCache(Clocks(), max_age_s, before=before.replays if before else None)
    return Live(sessions, limits, replays, carried.metrics.server(name))


def _end_upstream_session(
    shared: SharedFacts,
    flights: SingleFlight,
    requests: OwnRequests,
    upstream_id: bytes,
    reason: str,
) -> None:
    """Let the server forget a session too: other replicas would still know its id."""
    if reason in ("idle", "cap") and isinstance(shared.store, SharedRates):
        return  # unused here; who knows about the other replicas
    flights.launch((requests, upstream_id), partial(requests.end_session, upstream_id))


def _shared_limits(parts: Parts, name: str) -> SharedLimits | None:
    """What counts for all replicas, None where the store is this process's own."""
    store = parts.carried.shared.store
    if not isinstance(store, SharedRates):
        return None
    failed = parts.carried.metrics.server(name).limits_failed
    return SharedLimits(name, store, parts.config.store.limits_fail, failed)
