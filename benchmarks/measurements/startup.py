"""How long the gateway takes from nothing to ready, and how large it is then."""

from dataclasses import dataclass
from statistics import median

from benchmarks.rig import Rig
from benchmarks.targets.gateway import running_gateway
from benchmarks.targets.upstream import running_upstream

STARTS = 5


@dataclass(frozen=True, slots=True)
class StartUp:
    """Medians of five starts."""

    ready_s: float
    rss: int


def measure_startup(rig: Rig) -> StartUp:
    """Spawn the process until its port accepts and /readyz says 200, five times."""
    seconds: list[float] = []
    sizes: list[int] = []
    with running_upstream(rig.directory) as (_, upstream_port):
        for _ in range(STARTS):
            with running_gateway(rig.directory, rig.issuer, upstream_port) as gateway:
                seconds.append(gateway.start_s)
                sizes.append(gateway.process.rss_bytes())
    return StartUp(median(seconds), int(median(sizes)))
