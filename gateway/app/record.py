"""Tells metrics, audit log and status page what became of each request, and readiness to probes."""

import logging
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from importlib.metadata import version

from gateway.app.generation.issuers import Issuers
from gateway.app.kinds import RequestKinds, line_of
from gateway.app.outcome import outcome_of
from gateway.config.model import Config
from gateway.config.reading.complete import public_url
from gateway.errors import MisdirectedRequest
from gateway.identity.keys.sources import IssuerSources
from gateway.identity.revocation.revocations import Revocations
from gateway.observability.audit.audit import AuditLog
from gateway.observability.audit.outcome import RequestOutcome
from gateway.observability.audit.redact import redact
from gateway.observability.audit.session_event import SessionEnded, SessionStarted
from gateway.observability.denials import Denials
from gateway.observability.health import Readiness
from gateway.observability.insecure import insecure_settings
from gateway.observability.log import log
from gateway.observability.log.seldom import Seldom
from gateway.observability.metrics.labels import UNROUTED
from gateway.observability.metrics.metrics import IssuerState, Metrics
from gateway.observability.mismatches import Mismatches
from gateway.observability.observed import Observed
from gateway.observability.reasons import OK, UPSTREAM_REASONS, closed_reason
from gateway.observability.times import iso_time
from gateway.proxy.gate.record import RequestRecord, new_request_id
from gateway.proxy.gate.route import authorities
from gateway.proxy.upstream.reach import Reach

DISTRIBUTION = "mcp-auth-gateway"
FULL = "a client was turned away: limits.connections or limits.connections_per_address is reached"
MISDIRECTED = "a request was for a host that is not ours"
_HOSTS_SHOWN = 10
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Observers:
    """Everything that watches the gateway."""

    metrics: Metrics
    audit: AuditLog
    denials: Denials = field(default_factory=Denials)
    mismatches: Mismatches = field(default_factory=Mismatches)
    readiness: Readiness = field(default_factory=Readiness)
    issuers: Issuers | None = None
    hosts: Sequence[str] = ()
    kinds: RequestKinds = field(default_factory=RequestKinds)
    seldom: Seldom = field(default_factory=lambda: Seldom(logger))

    def watch(self, issuers: Issuers, revocations: Revocations) -> None:
        """Ask the state of both from now on: at each scrape and at each probe."""
        self.issuers = issuers
        self.readiness.watch("revocations", lambda: revocations.missing)
        self.metrics.watch_revocations(lambda: (len(revocations), revocations.is_current))
        self.metrics.watch_issuers(self.issuer_states)
        for name, sources in issuers.sources.items():
            self.readiness.watch(f"issuer {name}", partial(_missing, sources), "issuers")

    def watch_upstream(self, name: str, reach: Reach) -> None:
        """Ask at each probe from now on whether an upstream can be reached."""
        self.readiness.watch(f"upstream {name}", partial(_unreachable, reach), "upstreams")

    def issuer_states(self) -> Iterable[IssuerState]:
        """The keys of every issuer now."""
        services = self.issuers.services if self.issuers is not None else {}
        for name, each in services.items():
            keys = each.sources.keys
            count = len(keys.keys.keys) if keys.keys is not None else 0
            trusted = count if each.sources.uses_keys else None
            circuits: dict[str, bool] = {
                kind: one.breaker.is_open for kind, one in each.providers.items()
            }
            yield IssuerState(name, trusted, keys.last_success_at, circuits)

    def record(self, record: RequestRecord) -> None:
        """Tell everybody how a request ended; `Gate` calls it once for each."""
        if record.route is None:
            self._record_unrouted(record)
            return
        kind = self.kinds.find(record, record.route.live.metrics)
        duration_s = time.perf_counter() - record.started
        kind.tally.add(duration_s, record.auth_s, record.upstream_s)
        if record.http_method != "OPTIONS":
            self.audit.append(line_of(kind, record, duration_s))
        if kind.denial is not None:
            self.denials.note(kind.denial, record.began_at, record.request_id)
        if record.mismatch is not None:
            self.mismatches.note(record.route.name, closed_reason(record.reason), record.mismatch)
        if record.reason in UPSTREAM_REASONS or record.upstream_seen is not None:
            self._upstream_failed(record.route.name, record)

    def _record_unrouted(self, record: RequestRecord) -> None:
        outcome = outcome_of(record)
        self.metrics.unrouted.finished(outcome)
        if record.reason == MisdirectedRequest.default_reason:
            self._misdirected(record)
        # Documents and probes are asked for all the time, by anybody, and tell nothing.
        if record.reason != OK or record.http_method not in _READS:
            self.audit.write(outcome)

    def _upstream_failed(self, server: str, record: RequestRecord) -> None:
        self.seldom.warn(
            f"the server {server} did not answer as it must: {record.reason}",
            seen=None if record.upstream_seen is None else redact(record.upstream_seen),
            status=record.status,
            request_id=record.request_id,
        )

    def _misdirected(self, record: RequestRecord) -> None:
        advice = (
            "a proxy in front must keep Host, or be in trusted_proxies and send X-Forwarded-Host"
        )
        if record.forwarded_host in self.hosts:
            advice = (
                f"name the proxy {record.peer} in trusted_proxies: then X-Forwarded-Host counts"
            )
        self.seldom.warn(
            MISDIRECTED,
            host=record.host,
            forwarded_host=record.forwarded_host,
            expected=self.hosts[:_HOSTS_SHOWN],
            peer=record.peer,
            advice=advice,
        )

    def session(self, event: SessionStarted | SessionEnded) -> None:
        """Tell of a session that began or ended."""
        self.metrics.server(event.server).session(event)
        self.audit.write(event)

    def refused(self, status: int, address: str) -> None:
        """Tell of what the listener refused before there was a request: 503 when it is full."""
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            self.seldom.warn(FULL, address=address)
        outcome = RequestOutcome(
            time=iso_time(time.time()),
            request_id=new_request_id(),
            http_method="",
            status=status,
            decision="deny",
            reason="bad_http",
            result="invalid",
            address=address,
        )
        self.metrics.unrouted.finished(outcome)
        if status != HTTPStatus.SERVICE_UNAVAILABLE:
            self.audit.write(outcome)

    def stalled(self) -> None:
        """Count a client that was dropped between two requests: it did not read the answers."""
        self.metrics.streams_ended.increment(UNROUTED, "stalled")


def _unreachable(reach: Reach) -> str:
    return reach.missing


def _missing(sources: IssuerSources) -> str:
    return sources.missing


@asynccontextmanager
async def open_observers(config: Config) -> AsyncIterator[Observers]:
    """Start logging and auditing; leaving the context writes what is still queued.

    Raises OSError when the audit file cannot be opened.
    """
    log.configure(config.log.level, config.log.format)
    metrics = Metrics(tuple(config.servers), tuple(config.issuers), version(DISTRIBUTION))
    metrics.insecure_settings(insecure_settings(config))
    metrics.config_loaded(ok=True, now=time.time())
    audit = AuditLog(config.log.audit_file, metrics.audit_dropped)
    try:
        readiness = Readiness(needs=config.admin.readiness.model_dump())
        yield Observers(metrics, audit, readiness=readiness, hosts=_hosts(config))
    finally:
        audit.close()


def _hosts(config: Config) -> Sequence[str]:
    """The Host values that lead to a server."""
    urls = [public_url(config, server) for server in config.servers.values()]
    return sorted({host for url in urls for host in authorities(url)})


def observed(config: Config, observers: Observers) -> Observed:
    """What the admin listener shows."""
    return Observed(
        version=version(DISTRIBUTION),
        started_at=time.time(),
        metrics=observers.metrics,
        readiness=observers.readiness,
        denials=observers.denials,
        mismatches=observers.mismatches,
        server_urls={name: public_url(config, each) for name, each in config.servers.items()},
        issuers=observers.issuer_states,
    )
