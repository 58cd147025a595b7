"""Drives wrk against one target and reads the figures."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypedDict

from benchmarks.processes import BenchmarkError, Process
from benchmarks.targets.answers import JSON_TOOL

CONNECTIONS = 16
_SCRIPT = Path(__file__).with_name("load.lua")
_STOP_LIMIT_S = 30


class _Seen(TypedDict):
    requests: int
    duration_us: int
    p50_us: int
    p99_us: int
    failed: int
    broken: int
    latency_us: list[tuple[float, int]]


@dataclass(frozen=True, slots=True)
class Target:
    """Something to send requests to; `process` is None where there is no proxy to weigh."""

    name: str
    port: int
    process: Process | None


@dataclass(frozen=True, slots=True)
class Round:
    """What one run of wrk saw; `latency_us` has a percentage and the time it was answered in."""

    requests: int
    requests_per_s: float
    cpu_us: float | None
    p50_us: float
    p99_us: float
    latency_us: Sequence[tuple[float, float]]

    @property
    def core_percent(self) -> float | None:
        """How much of its core the proxy got; far below 100 means that others took the rest."""
        return None if self.cpu_us is None else self.requests_per_s * self.cpu_us / 1e4


def median_round(rounds: Sequence[Round]) -> Round:
    """Take the median of each figure; the requests are counted together."""
    cpu_us = [each.cpu_us for each in rounds if each.cpu_us is not None]
    at_share = zip(*(each.latency_us for each in rounds), strict=True)
    return Round(
        requests=sum(each.requests for each in rounds),
        requests_per_s=median(each.requests_per_s for each in rounds),
        cpu_us=median(cpu_us) if cpu_us else None,
        p50_us=median(each.p50_us for each in rounds),
        p99_us=median(each.p99_us for each in rounds),
        latency_us=[(points[0][0], median(us for _, us in points)) for points in at_share],
    )


@dataclass(frozen=True, slots=True)
class Load:
    """How requests are made: wrk's path, and a file with one token per line, or none.

    Each connection waits `pause_ms` before a request, so that the rate is theirs to give and
    not the target's. `session` is the id of the session that all of them belong to, `tool` the
    one that is called. With `heads_differ` no head comes twice.
    """

    wrk: str
    token_file: Path | None
    connections: int = CONNECTIONS
    pause_ms: int = 0
    session: str = ""
    tool: str = JSON_TOOL
    heads_differ: bool = False

    def run(self, target: Target, seconds: int) -> Round:
        """Send requests for a while; BenchmarkError when any answer is not a success."""
        return self._measure(target, seconds, refused=False)

    def run_refused(self, target: Target, seconds: int) -> Round:
        """Do the same with requests of which every one must be refused."""
        return self._measure(target, seconds, refused=True)

    def _measure(self, target: Target, seconds: int, *, refused: bool) -> Round:
        cpu_before = target.process.cpu_s() if target.process else 0.0
        seen = self._wrk(target, seconds)
        expected = seen["requests"] if refused else 0
        counts = {name: seen[name] for name in ("requests", "failed", "broken")}
        if seen["failed"] != expected or seen["broken"] or not seen["requests"]:
            raise BenchmarkError(f"{target.name}: not every answer was as expected: {counts}")
        cpu_us = None
        if target.process:
            cpu_us = (target.process.cpu_s() - cpu_before) * 1e6 / seen["requests"]
        return Round(
            requests=seen["requests"],
            requests_per_s=seen["requests"] / seen["duration_us"] * 1e6,
            cpu_us=cpu_us,
            p50_us=seen["p50_us"],
            p99_us=seen["p99_us"],
            latency_us=[(share, us) for share, us in seen["latency_us"]],
        )

    def _wrk(self, target: Target, seconds: int) -> _Seen:
        argv = [self.wrk, "-t1", f"-c{self.connections}", f"-d{seconds}s", "--latency"]
        argv += ["-s", str(_SCRIPT), f"http://127.0.0.1:{target.port}/mcp"]
        argv += ["--", str(self.token_file or ""), str(self.pause_ms), self.session, self.tool]
        argv += ["differ"] if self.heads_differ else []
        try:
            finished = subprocess.run(  # noqa: S603  # our own argv
                argv, capture_output=True, timeout=seconds + _STOP_LIMIT_S, check=False
            )
        except subprocess.TimeoutExpired as cause:
            raise BenchmarkError(f"wrk on {target.name} does not end") from cause
        try:
            figures: _Seen = json.loads(finished.stderr)
        except ValueError as cause:
            text = finished.stderr.decode(errors="replace")
            raise BenchmarkError(f"wrk on {target.name}: {text}") from cause
        return figures
