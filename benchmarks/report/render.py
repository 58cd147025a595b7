"""Prints what was measured, as lines that fit into a terminal and into Markdown."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.clients.load import Round, median_round
from benchmarks.measurements.cache_miss import CacheMiss
from benchmarks.measurements.comparison import Comparison
from benchmarks.measurements.flood import MAX_GROWTH, Flood
from benchmarks.measurements.latency import EventLatency
from benchmarks.measurements.logins import LoginCosts
from benchmarks.measurements.policy import MAX_RATIO, TOOLS, PolicyCosts
from benchmarks.measurements.refused import Refusals
from benchmarks.measurements.startup import StartUp
from benchmarks.measurements.streams import IdleStreams
from benchmarks.measurements.verdicts import VerdictCosts
from benchmarks.measurements.workloads import WORKLOADS, Workload
from benchmarks.report.table import table

Result = (
    Comparison
    | CacheMiss
    | EventLatency
    | Flood
    | IdleStreams
    | LoginCosts
    | StartUp
    | VerdictCosts
    | PolicyCosts
    | Refusals
)
_MIB = 1024 * 1024


def render(result: Result) -> str:
    """Write one measurement as text."""
    writer: Callable[[Result], str] = _WRITERS[type(result)]
    return writer(result)


def _startup(result: StartUp) -> str:
    return table(
        ("start-up (median of 5)", ""),
        [("until ready", f"{result.ready_s * 1000:.0f} ms"), ("RSS", _mib(result.rss))],
    )


def _comparison(result: Comparison) -> str:
    parts = [_workload(result, each) for each in WORKLOADS if each.name in result.rounds]
    return "\n\n".join([*parts, *(f"skipped: {text}" for text in result.skipped)])


def _workload(result: Comparison, workload: Workload) -> str:
    rounds = result.rounds[workload.name]
    ratios = [
        f"gateway / {other}: {ratio.middle:.2f} ({ratio.lowest:.2f} to {ratio.highest:.2f})"
        for other in rounds
        if other != "gateway" and (ratio := result.ratio(workload.name, other))
    ]
    return "\n".join([f"{workload.name}: {workload.title}", "", _rounds(rounds), "", *ratios])


def _refusals(result: Refusals) -> str:
    return f"a missing token, refused with 401\n\n{_rounds(result.rounds)}"


def _rounds(rounds: Mapping[str, Sequence[Round]]) -> str:
    head = ("target", "requests/s", "CPU µs/request", "range", "core", "p50 ms", "p99 ms")
    return table(head, [_target_row(name, each) for name, each in rounds.items()])


def _target_row(name: str, rounds: Sequence[Round]) -> tuple[str, ...]:
    middle = median_round(rounds)
    cpu = [each.cpu_us for each in rounds if each.cpu_us is not None]
    core = [each.core_percent for each in rounds if each.core_percent is not None]
    return (
        name,
        f"{middle.requests_per_s:.0f}",
        f"{middle.cpu_us:.1f}" if middle.cpu_us is not None else "-",
        f"{min(cpu):.1f} to {max(cpu):.1f}" if cpu else "-",
        f"{median(core):.0f} %" if core else "-",
        f"{middle.p50_us / 1000:.2f}",
        f"{middle.p99_us / 1000:.2f}",
    )


def _cache_miss(result: CacheMiss) -> str:
    return table(
        ("token", "CPU µs/request"),
        [
            ("seen before", f"{result.cached_us:.1f}"),
            ("new", f"{result.missed_us:.1f}"),
            ("cost of a miss", f"{result.extra_us:.1f}"),
        ],
    )


def _verdicts(result: VerdictCosts) -> str:
    rows = [
        (name, f"{each.hit_us:.1f}", f"{each.miss_us:.0f}", f"{each.elapsed_us:.0f}")
        for name, each in result.kinds.items()
    ]
    costs = table(("verdict", "hit CPU µs", "miss CPU µs", "miss elapsed µs"), rows)
    return f"{costs}\n\nA DPoP proof (ES256) adds {result.proof_us:.0f} µs to every request."


def _logins(result: LoginCosts) -> str:
    rows = [
        (name, f"{each.per_s:.0f}", f"{each.cpu_ms:.2f}") for name, each in result.steps.items()
    ]
    return "\n".join(
        [
            table(("step", "per s", "CPU ms each"), rows),
            "",
            f"Of a login, comparing the password takes {result.password_ms:.0f} ms.",
            "",
            "a call with a token of the gateway's own, and of another issuer",
            "",
            _rounds(result.calls),
            "",
            f"own / other: {result.ratio:.2f}; load average {result.load_average:.1f}",
        ]
    )


def _flood(result: Flood) -> str:
    callers = table(
        ("callers beside forged tokens", "requests/s", "p50 ms", "p99 ms"),
        [
            _flood_row("callers, alone", result.alone),
            _flood_row("callers, during the flood", result.during),
            _flood_row("forged tokens, all refused", result.refused),
        ],
    )
    verdicts = [
        f"p99 during / alone: {result.p99_ratio:.2f}",
        _kept("key fetches", str(result.fetches), result.fetches, result.fetches_allowed),
        _kept("growth of RSS in MiB", _mib(result.growth), result.growth / _MIB, MAX_GROWTH / _MIB),
    ]
    return "\n".join([callers, "", *verdicts])


def _policy(result: PolicyCosts) -> str:
    rows = [
        (f"a decision by {count} rules", f"{result.known_us[count]:.1f}", f"{new:.1f}")
        for count, new in result.new_us.items()
    ]
    costs = table(("rules", "name seen before, CPU µs", "new name, CPU µs"), rows)
    whole = f"whole request: {result.plain_us:.0f} µs without rules, {result.policed_us:.0f} with"
    ratio = _kept("with rules and limits / without", f"{result.ratio:.2f}", result.ratio, MAX_RATIO)
    spread = f"rounds lay between {result.ratios[0]:.2f} and {result.ratios[-1]:.2f}"
    return (
        f"{costs}\n\na list of {TOOLS} tools: {result.list_us:.0f} µs\n{whole}\n{ratio}; {spread}"
    )


def _flood_row(name: str, seen: Round) -> tuple[str, ...]:
    figures = (seen.requests_per_s, seen.p50_us / 1000, seen.p99_us / 1000)
    return (
        name,
        *(f"{figure:.{digits}f}" for figure, digits in zip(figures, (0, 2, 2), strict=True)),
    )


def _kept(what: str, shown: str, value: float, limit: float) -> str:
    return f"{what}: {shown} (target ≤ {limit:g}: {'met' if value <= limit else 'missed'})"


def _latency(result: EventLatency) -> str:
    direct, gateway = result.direct, result.gateway
    return table(
        ("event latency", "p50 µs", "p99 µs"),
        [
            ("direct", f"{direct.p50:.0f}", f"{direct.p99:.0f}"),
            ("gateway", f"{gateway.p50:.0f}", f"{gateway.p99:.0f}"),
            ("added", f"{gateway.p50 - direct.p50:.0f}", f"{gateway.p99 - direct.p99:.0f}"),
        ],
    )


def _streams(result: IdleStreams) -> str:
    return table(
        (f"{result.count} idle streams", ""),
        [
            ("time to open all", f"{result.open_s:.1f} s"),
            ("RSS before", _mib(result.rss_before)),
            ("RSS open", _mib(result.rss_open)),
            ("RSS per stream", f"{result.bytes_per_stream / 1024:.1f} KiB"),
            ("RSS after closing", _mib(result.rss_closed)),
            ("CPU while idle", f"{result.idle_cpu_percent:.1f} %"),
            ("new request p50", f"{result.new_request_p50_ms:.2f} ms"),
            ("new request p99", f"{result.new_request_p99_ms:.2f} ms"),
        ],
    )


def _mib(size: int) -> str:
    return f"{size / _MIB:.1f} MiB"


_WRITERS: Mapping[type, Callable[[Any], str]] = {
    Comparison: _comparison,
    CacheMiss: _cache_miss,
    EventLatency: _latency,
    Flood: _flood,
    IdleStreams: _streams,
    LoginCosts: _logins,
    PolicyCosts: _policy,
    Refusals: _refusals,
    StartUp: _startup,
    VerdictCosts: _verdicts,
}
