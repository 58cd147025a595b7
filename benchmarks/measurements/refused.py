"""What it costs to refuse a request that brings no token."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from benchmarks.clients.checks import check_refusal
from benchmarks.clients.load import Load, Round
from benchmarks.rig import Rig, need_program
from benchmarks.targets.contenders import start_contenders

_WARM_UP_S = 1


@dataclass(frozen=True, slots=True)
class Refusals:
    """Every round of each proxy, by name."""

    rounds: Mapping[str, Sequence[Round]]

    @property
    def gateway_us(self) -> float | None:
        """CPU microseconds of one of the gateway's 401s."""
        seen = [each.cpu_us for each in self.rounds.get("gateway", ()) if each.cpu_us is not None]
        return median(seen) if seen else None


def measure_refused(rig: Rig, *, seconds: int, rounds: int) -> Refusals:
    """Send requests without a token to every proxy in turn, `rounds` times."""
    load = Load(need_program("wrk"), None)
    with ExitStack() as stack:
        proxies = start_contenders(rig, stack).proxies
        for proxy in proxies:
            load.run_refused(proxy, _WARM_UP_S)
        seen: dict[str, list[Round]] = {proxy.name: [] for proxy in proxies}
        for _ in range(rounds):
            for proxy in proxies:
                seen[proxy.name].append(load.run_refused(proxy, seconds))
                check_refusal(proxy, "no token", None)  # 401 still, and not 429 or 503
    return Refusals(seen)
