"""Rounds of load as wrk would have measured them."""

from benchmarks.clients.load import Round


def make_round(cpu_us: float | None, latency_us: float = 100.0) -> Round:
    """One round; every answer took the same time."""
    return Round(
        requests=1000,
        requests_per_s=500.0,
        cpu_us=cpu_us,
        p50_us=latency_us,
        p99_us=latency_us,
        latency_us=[(0.0, latency_us), (50.0, latency_us), (99.9, 2 * latency_us)],
    )
