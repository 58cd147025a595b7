"""What is counted: outcomes of requests, and what a scrape asks servers and issuers."""

import platform
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from gateway.observability.audit.outcome import RequestOutcome
from gateway.observability.audit.session_event import SessionEnded, SessionStarted
from gateway.observability.metrics import catalogue
from gateway.observability.metrics.instruments import (
    Counter,
    Histogram,
    LabelValues,
)
from gateway.observability.metrics.labels import (
    CODE_LABELS,
    HTTP_METHOD_LABELS,
    METHOD_LABELS,
    OTHER_LABEL,
    STREAM_ENDS,
    UNROUTED,
)
from gateway.observability.metrics.tally import Series, Tally
from gateway.observability.reasons import (
    AUTHENTICATION_REASONS,
    LIMIT_REASONS,
    OK,
    UPSTREAM_REASONS,
    closed_reason,
    closed_upstream_reason,
    decision_of,
    stage_of,
)

# Our own limit and our own credential: they say nothing about whether the upstream is there.
_OWN_REASONS = frozenset({"busy", "credential_unavailable", "credential_refused"})
CacheResult = Literal["hit", "miss", "negative"]


@dataclass(frozen=True, slots=True)
class IssuerState:
    """One issuer now; `last_success_at` of its keys in Unix seconds, None before any fetch.

    `keys` is None where all tokens are opaque. `open_circuits` says of each kind of question
    whether its service is left alone.
    """

    name: str
    keys: int | None
    last_success_at: float | None
    open_circuits: Mapping[str, bool] = field(default_factory=dict)


class Metrics:
    """Every number, until `exposition` shows it. Used by one thread, the event loop's.

    `servers` and `issuers` are names from the configuration: these alone become labels.
    """

    def __init__(self, servers: Sequence[str], issuers: Sequence[str], version: str) -> None:
        self.http_requests = Counter(catalogue.HTTP_REQUESTS)
        self.auth_decisions = Counter(catalogue.AUTH_DECISIONS)
        self.authz_decisions = Counter(catalogue.AUTHZ_DECISIONS)
        self.shadow_denials = Counter(catalogue.SHADOW_DENIALS)
        self.rate_limited = Counter(catalogue.RATE_LIMITED)
        self.shared_limit_failures = Counter(catalogue.SHARED_LIMIT_FAILURES)
        self.mcp_requests = Counter(catalogue.MCP_REQUESTS)
        self.upstream_errors = Counter(catalogue.UPSTREAM_ERRORS)
        self.request_duration = Histogram(catalogue.REQUEST_DURATION)
        self.auth_duration = Histogram(catalogue.AUTH_DURATION)
        self.upstream_duration = Histogram(catalogue.UPSTREAM_DURATION)
        self.overhead = Histogram(catalogue.OVERHEAD)
        self.token_cache = Counter(catalogue.TOKEN_CACHE)
        self.jwks_fetches = Counter(catalogue.JWKS_FETCHES)
        self.issuer_requests = Counter(catalogue.ISSUER_REQUESTS)
        self.streams_ended = Counter(catalogue.STREAMS_ENDED)
        self.sessions_started = Counter(catalogue.SESSIONS_STARTED)
        self.sessions_ended = Counter(catalogue.SESSIONS_ENDED)
        self.session_duration = Histogram(catalogue.SESSION_DURATION)
        self.revocations: Callable[[], tuple[int, bool]] = _no_revocations
        self.login_steps = Counter(catalogue.LOGIN_STEPS)
        self.audit_losses = Counter(catalogue.AUDIT_DROPPED)
        self.issuers = frozenset(issuers)
        self.issuer_states: Callable[[], Iterable[IssuerState]] = tuple
        self.build: LabelValues = (version, platform.python_version())
        self.insecure: Sequence[str] = ()
        self.reload: dict[str, float] = {}
        self.servers = {name: ServerMetrics(self, name) for name in servers}
        self.unrouted = ServerMetrics(self, UNROUTED)
        self._prepare(issuers)

    def server(self, name: str) -> "ServerMetrics":
        """Give the numbers of one server, which begin when it is first configured."""
        known = self.servers.get(name)
        if known is None:
            known = self.servers[name] = ServerMetrics(self, name)
        return known

    def watch_issuers(self, states: Callable[[], Iterable[IssuerState]]) -> None:
        """Ask `states` at every scrape."""
        self.issuer_states = states

    def jwks_fetch(self, issuer: str, result: str) -> None:
        """Count a fetch of an issuer's keys: `ok` or `failed`."""
        name = issuer if issuer in self.issuers else OTHER_LABEL
        self.jwks_fetches.increment(name, "ok" if result == "ok" else "failed")

    def issuer_request(self, issuer: str, kind: str, result: str) -> None:
        """Count a question to an issuer: `ok`, `failed`, or `refused` when it was not asked."""
        self.issuer_requests.increment(issuer, kind, result)

    def login_step(self, step: str, reason: str) -> None:
        """Count a step of a login; `reason` is `ok` for a good one."""
        self.login_steps.increment(step, closed_reason(reason))

    def watch_revocations(self, state: Callable[[], tuple[int, bool]]) -> None:
        """Ask `state` at every scrape: how many are in force, and whether that is current."""
        self.revocations = state

    def audit_dropped(self, count: int = 1) -> None:
        """Count audit events that are lost."""
        self.audit_losses.counts[()] += count

    def config_loaded(self, *, ok: bool, now: float) -> None:
        """Note that the configuration was read at `now`, and whether it is in use."""
        self.reload["successful"] = float(ok)
        if ok:
            self.reload["time"] = now

    def insecure_settings(self, settings: Sequence[str]) -> None:
        """Show which weakening settings are in use."""
        self.insecure = tuple(settings)

    def _prepare(self, issuers: Sequence[str]) -> None:
        for result in ("hit", "miss", "negative"):
            self.token_cache.prepare(result)
        for issuer in issuers:
            self.jwks_fetches.prepare(issuer, "ok")
            self.jwks_fetches.prepare(issuer, "failed")
        self.audit_losses.prepare()


def _no_revocations() -> tuple[int, bool]:
    return 0, True


class ServerMetrics:
    """The numbers of one server.

    `in_flight` and `streams_open` are plain numbers that the gate raises and lowers;
    `sessions_open` is asked at every scrape.
    `upstream_up` is None until the upstream was asked once.
    """

    def __init__(self, metrics: Metrics, name: str) -> None:
        self.name = name
        self.in_flight = 0
        self.streams_open = 0
        self.sessions_open: Callable[[], int] = int
        self.upstream_up: bool | None = None
        self._metrics = metrics
        if name != UNROUTED:
            self._prepare()

    def finished(self, outcome: RequestOutcome) -> None:
        """Count a request that ended."""
        self.tally(outcome).add(outcome.duration_s, outcome.auth_s, outcome.upstream_s)

    def tally(self, outcome: RequestOutcome, cache_result: CacheResult | None = None) -> Tally:
        """Where to count this request, and all that end as it did.

        The same but for its times, which are there or not for all of them.
        """
        metrics, name = self._metrics, self.name
        verb = HTTP_METHOD_LABELS.get(outcome.http_method, OTHER_LABEL)
        code = CODE_LABELS.get(outcome.status, OTHER_LABEL)
        counts: list[Series] = [(metrics.http_requests.counts, (name, verb, code))]
        if cache_result is not None:
            counts.append((metrics.token_cache.counts, (cache_result,)))
        # A preflight is no request to an MCP server.
        if name == UNROUTED or verb == "OPTIONS":
            return Tally(counts)
        if outcome.ended is not None:
            counts.append((metrics.streams_ended.counts, (name, outcome.ended)))
        method = METHOD_LABELS.get(outcome.mcp_method, OTHER_LABEL)
        counts.append((metrics.mcp_requests.counts, (name, method, outcome.result)))
        if outcome.would_deny is not None:
            reason = closed_reason(outcome.would_deny)
            counts.append((metrics.shadow_denials.counts, (name, method, reason)))
        if outcome.reason in LIMIT_REASONS:
            counts.append((metrics.rate_limited.counts, (name, outcome.reason)))
        counts += self._decisions(outcome, method)
        return Tally(
            counts,
            metrics.request_duration.cell(name, method),
            metrics.auth_duration.cell(name, outcome.scheme) if outcome.auth_s else None,
            metrics.upstream_duration.cell(name) if outcome.upstream_s else None,
            None if outcome.streamed else metrics.overhead.cell(name),
            self._news_of_upstream(outcome),
        )

    def session(self, event: SessionStarted | SessionEnded) -> None:
        """Count a session that began or ended."""
        if isinstance(event, SessionStarted):
            self._metrics.sessions_started.counts[self.name,] += 1
            return
        self._metrics.sessions_ended.counts[self.name, event.reason] += 1
        self._metrics.session_duration.cell(self.name).observe(event.duration_s)

    def limits_failed(self) -> None:
        """Count a request whose limits the store could not count."""
        self._metrics.shared_limit_failures.counts[self.name,] += 1

    def upstream_reached(self, reached: bool) -> None:
        """Note that the upstream could not be connected to, or can be again."""
        self.upstream_up = reached

    def _prepare(self) -> None:
        metrics, name = self._metrics, self.name
        metrics.upstream_duration.cell(name)
        metrics.overhead.cell(name)
        metrics.auth_decisions.prepare(name, "jwt", "allow", OK)
        metrics.shared_limit_failures.prepare(name)
        for reason in AUTHENTICATION_REASONS:
            metrics.auth_decisions.prepare(name, "none", decision_of(reason), reason)
        for ended in STREAM_ENDS:
            metrics.streams_ended.prepare(name, ended)
        for reason in UPSTREAM_REASONS:
            metrics.upstream_errors.prepare(name, reason)

    def _decisions(self, outcome: RequestOutcome, method: str) -> Iterator[Series]:
        metrics, name, reason = self._metrics, self.name, outcome.reason
        stage = stage_of(reason)
        if stage == "authentication":
            labels = (name, outcome.scheme, decision_of(reason), closed_reason(reason))
            yield metrics.auth_decisions.counts, labels
            return
        if outcome.subject is None and stage in ("request", "gateway"):
            return  # it ended before anybody was asked for a token
        yield metrics.auth_decisions.counts, (name, outcome.scheme, "allow", OK)
        if stage == "authorization":
            yield metrics.authz_decisions.counts, (name, method, "deny", reason)
            return
        yield metrics.authz_decisions.counts, (name, method, "allow", "rule_allow")
        if stage == "upstream":
            yield metrics.upstream_errors.counts, (name, closed_upstream_reason(reason))

    def _news_of_upstream(self, outcome: RequestOutcome) -> Callable[[], None] | None:
        stage = stage_of(outcome.reason)
        if stage == "upstream":
            is_own = closed_upstream_reason(outcome.reason) in _OWN_REASONS
            return None if is_own else partial(self.upstream_reached, False)
        is_past_the_gate = stage is None or (
            stage in ("request", "gateway") and outcome.subject is not None
        )
        if is_past_the_gate and outcome.upstream_s and not outcome.client_gone:
            return partial(self.upstream_reached, True)
        return None
