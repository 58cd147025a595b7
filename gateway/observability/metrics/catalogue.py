"""Every metric the gateway exports; `docs/metrics.md` and the exposition are both made from it."""

from dataclasses import dataclass
from typing import Literal

PREFIX = "mcpgw_"

Kind = Literal["counter", "gauge", "histogram"]

# From the fastest cached answer to a long tool call: 1 ms … 300 s.
REQUEST_BUCKETS = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
)  # fmt: skip
# From a remembered verdict to a verification that waits for keys: 0.1 … 100 ms.
AUTH_BUCKETS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1)
# The gateway's own share of a request: 50 µs … 250 ms.
OVERHEAD_BUCKETS = (0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric family. `name` is without the prefix; `buckets` are for histograms only."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    buckets: tuple[float, ...] = ()

    @property
    def full_name(self) -> str:
        """The name as Prometheus sees it."""
        return PREFIX + self.name


HTTP_REQUESTS = Metric(
    "http_requests_total", "counter", ("server", "http_method", "code"),
    "Requests answered on the public listener; code 499 means that the client left first.",
)  # fmt: skip
AUTH_DECISIONS = Metric(
    "auth_decisions_total", "counter", ("server", "scheme", "decision", "reason"),
    "Decisions about who is calling.",
)  # fmt: skip
AUTHZ_DECISIONS = Metric(
    "authz_decisions_total", "counter", ("server", "method", "decision", "reason"),
    "Decisions whether a known caller may use a server.",
)  # fmt: skip
SHADOW_DENIALS = Metric(
    "shadow_denials_total", "counter", ("server", "method", "reason"),
    "Requests that a rule in shadow mode would have refused.",
)  # fmt: skip
RATE_LIMITED = Metric(
    "rate_limited_total", "counter", ("server", "limit"),
    "Requests refused with 429, by the limit that they met.",
)  # fmt: skip
SHARED_LIMIT_FAILURES = Metric(
    "shared_limit_failures_total", "counter", ("server",),
    "Requests whose limits the store could not count.",
)  # fmt: skip
MCP_REQUESTS = Metric(
    "mcp_requests_total", "counter", ("server", "method", "outcome"),
    "Requests to MCP servers, by MCP method and how they ended.",
)  # fmt: skip
REQUEST_DURATION = Metric(
    "request_duration_seconds", "histogram", ("server", "method"),
    "From the request's head to the end of the answer; a stream counts until it ends.",
    REQUEST_BUCKETS,
)  # fmt: skip
AUTH_DURATION = Metric(
    "auth_duration_seconds", "histogram", ("server", "scheme"),
    "Time spent on a token, remembered verdicts included.", AUTH_BUCKETS,
)  # fmt: skip
UPSTREAM_DURATION = Metric(
    "upstream_duration_seconds", "histogram", ("server",),
    "From sending a request to the upstream to the head of its answer.", REQUEST_BUCKETS,
)  # fmt: skip
OVERHEAD = Metric(
    "gateway_overhead_seconds", "histogram", ("server",),
    "The gateway's own time: total less upstream, streams left out.", OVERHEAD_BUCKETS,
)  # fmt: skip
IN_FLIGHT = Metric(
    "requests_in_flight", "gauge", ("server",), "Requests being served now, streams included."
)
STREAMS_OPEN = Metric("streams_open", "gauge", ("server",), "Event streams that are open now.")
UPSTREAM_UP = Metric(
    "upstream_up", "gauge", ("server",),
    "Whether the upstream answered last time it was asked; absent until it was.",
)  # fmt: skip
UPSTREAM_ERRORS = Metric(
    "upstream_errors_total",
    "counter",
    ("server", "reason"),
    "Exchanges with an upstream that failed.",
)
TOKEN_CACHE = Metric(
    "token_cache_requests_total",
    "counter",
    ("result",),
    "Look-ups of remembered verdicts on tokens.",
)
JWKS_FETCHES = Metric(
    "jwks_fetches_total", "counter", ("issuer", "result"), "Attempts to fetch an issuer's keys."
)
JWKS_LAST_SUCCESS = Metric(
    "jwks_last_success_timestamp_seconds", "gauge", ("issuer",),
    "When an issuer's keys were last fetched; absent until they were.",
)  # fmt: skip
JWKS_KEYS = Metric("jwks_keys", "gauge", ("issuer",), "Keys of an issuer that are trusted now.")
ISSUER_REQUESTS = Metric(
    "issuer_requests_total", "counter", ("issuer", "kind", "result"),
    "Questions to issuers, or for a server's credential; refused: the circuit is open.",
)  # fmt: skip
ISSUER_CIRCUIT_OPEN = Metric(
    "issuer_circuit_open", "gauge", ("issuer", "kind"),
    "Whether a service of an issuer is left alone because it failed.",
)  # fmt: skip
STREAMS_ENDED = Metric(
    "streams_ended_total", "counter", ("server", "reason"),
    "Streams and long answers that the gateway ended before their time.",
)  # fmt: skip
SESSIONS_OPEN = Metric(
    "sessions_open", "gauge", ("server",), "Sessions that this process knows and that are not idle."
)
SESSIONS_STARTED = Metric(
    "sessions_started_total", "counter", ("server",), "Sessions that a server gave to a caller."
)
SESSIONS_ENDED = Metric(
    "sessions_ended_total", "counter", ("server", "reason"), "Sessions that are over, and why."
)
SESSION_DURATION = Metric(
    "session_duration_seconds", "histogram", ("server",), "How long sessions lasted.",
    (1, 10, 60, 300, 900, 3600, 14400, 86400, 604800),
)  # fmt: skip
REVOCATIONS = Metric("revocations", "gauge", (), "Revocations that are in force now.")
REVOCATIONS_CURRENT = Metric(
    "revocations_current", "gauge", (), "Whether the list of revocations could be read last time."
)
RELOAD_SUCCESSFUL = Metric(
    "config_last_reload_successful", "gauge", (), "Whether the last configuration read is in use."
)
RELOAD_TIME = Metric(
    "config_last_reload_success_timestamp_seconds", "gauge", (),
    "When the configuration in use was read.",
)  # fmt: skip
INSECURE_SETTINGS = Metric(
    "insecure_setting_enabled", "gauge", ("setting",), "Settings in use that weaken the gateway."
)
LOGIN_STEPS = Metric(
    "login_steps_total",
    "counter",
    ("step", "reason"),
    "Steps of logins at the built-in authorization server; `ok`, or why one went wrong.",
)
AUDIT_DROPPED = Metric(
    "audit_events_dropped_total", "counter", (), "Audit events that could not be written."
)
BUILD = Metric("build_info", "gauge", ("version", "python"), "What is running; always 1.")

METRICS: tuple[Metric, ...] = (
    HTTP_REQUESTS,
    AUTH_DECISIONS,
    AUTHZ_DECISIONS,
    SHADOW_DENIALS,
    RATE_LIMITED,
    SHARED_LIMIT_FAILURES,
    MCP_REQUESTS,
    REQUEST_DURATION,
    AUTH_DURATION,
    UPSTREAM_DURATION,
    OVERHEAD,
    IN_FLIGHT,
    STREAMS_OPEN,
    UPSTREAM_UP,
    UPSTREAM_ERRORS,
    TOKEN_CACHE,
    JWKS_FETCHES,
    JWKS_LAST_SUCCESS,
    JWKS_KEYS,
    ISSUER_REQUESTS,
    ISSUER_CIRCUIT_OPEN,
    STREAMS_ENDED,
    SESSIONS_OPEN,
    SESSIONS_STARTED,
    SESSIONS_ENDED,
    SESSION_DURATION,
    REVOCATIONS,
    REVOCATIONS_CURRENT,
    RELOAD_SUCCESSFUL,
    RELOAD_TIME,
    INSECURE_SETTINGS,
    LOGIN_STEPS,
    AUDIT_DROPPED,
    BUILD,
)
