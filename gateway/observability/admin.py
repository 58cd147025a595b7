"""The admin listener: liveness, readiness, metrics, status page; never public (attack O3)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client import Metric as Family
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from gateway.observability.health import ALIVE, readiness_document
from gateway.observability.metrics.exposition import registry_of
from gateway.observability.observed import Observed
from gateway.observability.status_page import (
    CONTENT_SECURITY_POLICY,
    ServerState,
    Status,
    status_page,
)

_HEADERS = {"Cache-Control": "no-store"}


def build_admin_app(observed: Observed) -> web.Application:
    """Build the admin listener's application."""
    app = web.Application()
    pages: Mapping[str, Callable[[Observed, web.Request], Awaitable[web.Response]]] = {
        "/livez": _live,
        "/readyz": _ready,
        "/healthz": _ready,
        "/": _status,
    }
    for path, page in pages.items():
        app.router.add_get(path, partial(page, observed))
    app.router.add_get("/metrics", partial(_metrics, registry_of(observed.metrics)))
    app.on_response_prepare.append(_mark)
    return app


async def _mark(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["X-Content-Type-Options"] = "nosniff"


async def _live(observed: Observed, request: web.Request) -> web.Response:
    return web.json_response(ALIVE, headers=_HEADERS)


async def _ready(observed: Observed, request: web.Request) -> web.Response:
    document = readiness_document(observed.readiness)
    return web.json_response(document, status=200 if document["ready"] else 503, headers=_HEADERS)


async def _metrics(registry: CollectorRegistry, request: web.Request) -> web.Response:
    encode, content_type = choose_encoder(",".join(request.headers.getall("Accept", ())))
    # The numbers are read here, on their own thread; turning them into text takes four times as
    # long and holds nobody up elsewhere.
    snapshot = _Snapshot(list(registry.collect()))
    body = await asyncio.to_thread(encode, snapshot)
    response = web.Response(body=body, headers=_HEADERS | {"Content-Type": content_type})
    response.enable_compression()
    return response


async def _status(observed: Observed, request: web.Request) -> web.Response:
    page = status_page(_state(observed))
    headers = _HEADERS | {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    return web.Response(text=page, content_type="text/html", headers=headers)


def _state(observed: Observed) -> Status:
    servers = []
    for name, url in observed.server_urls.items():
        server = observed.metrics.server(name)
        state = ServerState(name, url, server.upstream_up, server.in_flight, server.streams_open)
        servers.append(state)
    return Status(
        version=observed.version,
        started_at=observed.started_at,
        now=observed.clock(),
        ready=observed.readiness.ready,
        draining=observed.readiness.draining,
        conditions=observed.readiness.conditions,
        servers=servers,
        issuers=tuple(observed.issuers()),
        denials=observed.denials.latest,
        mismatches=observed.mismatches.latest,
    )


class _Snapshot(Collector):
    """Families that were collected already."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._families = families

    def collect(self) -> Iterable[Family]:
        return self._families
