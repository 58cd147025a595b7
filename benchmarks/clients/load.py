"""Drives wrk against one target and reads the figures."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import BenchmarkError, Process

CONNECTIONS = 16
_SCRIPT = Path(__file__).with_name("load.lua")
_STOP_LIMIT_S = 30


@dataclass(frozen=True, slots=True)
class Target:
    """Something to send requests to; `process` is None where there is no proxy to weigh."""

    name: str
    port: int
    process: Process | None


@dataclass(frozen=True, slots=True)
class Round:
    """What one run of wrk saw."""

    requests: int
    requests_per_s: float
    cpu_us: float | None
    p50_us: float
    p99_us: float

    @property
    def core_percent(self) -> float | None:
        """How much of its core the proxy got; far below 100 means that others took the rest."""
        return None if self.cpu_us is None else self.requests_per_s * self.cpu_us / 1e4


@dataclass(frozen=True, slots=True)
class Load:
    """How requests are made: wrk's path, and a file with one token per line.

    Each connection waits `pause_ms` before a request, so that the rate is theirs to give and
    not the target's. `session` is the id of the session that all of them belong to.
    """

    wrk: str
    token_file: Path
    connections: int = CONNECTIONS
    pause_ms: int = 0
    session: str | None = None

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
        if seen["failed"] != expected or seen["broken"] or not seen["requests"]:
            raise BenchmarkError(f"{target.name}: not every answer was as expected: {seen}")
        cpu_us = None
        if target.process:
            cpu_us = (target.process.cpu_s() - cpu_before) * 1e6 / seen["requests"]
        return Round(
            requests=seen["requests"],
            requests_per_s=seen["requests"] / seen["duration_us"] * 1e6,
            cpu_us=cpu_us,
            p50_us=seen["p50_us"],
            p99_us=seen["p99_us"],
        )

    def _wrk(self, target: Target, seconds: int) -> dict[str, int]:
        argv = [self.wrk, "-t1", f"-c{self.connections}", f"-d{seconds}s", "--latency"]
        argv += ["-s", str(_SCRIPT), f"http://127.0.0.1:{target.port}/mcp"]
        argv += ["--", str(self.token_file), str(self.pause_ms)]
        argv += [] if self.session is None else [self.session]
        try:
            finished = subprocess.run(  # noqa: S603  # our own argv
                argv, capture_output=True, timeout=seconds + _STOP_LIMIT_S, check=False
            )
        except subprocess.TimeoutExpired as cause:
            raise BenchmarkError(f"wrk on {target.name} does not end") from cause
        try:
            figures: dict[str, int] = json.loads(finished.stderr)
        except ValueError as cause:
            text = finished.stderr.decode(errors="replace")
            raise BenchmarkError(f"wrk on {target.name}: {text}") from cause
        return figures
