"""The gateway beside HAProxy and a `ClientSession` proxy: same checks, same upstream, one run."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from benchmarks.clients.load import Load, Round, Target
from benchmarks.clients.refusals import check_refusals
from benchmarks.rig import Rig, find_program, need_program
from benchmarks.targets.clientsession_proxy import running_clientsession_proxy
from benchmarks.targets.gateway import running_gateway
from benchmarks.targets.haproxy import running_haproxy
from benchmarks.targets.upstream import running_upstream

MAX_OF_HAPROXY = 1.5
MAX_OF_CLIENTSESSION = 0.45
_WARM_UP_S = 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every round of each target, by name; and what was left out."""

    rounds: dict[str, list[Round]]
    skipped: tuple[str, ...]

    def cpu_ratio(self, other: str) -> float | None:
        """The gateway's CPU per request as a part of another's; None where one is missing."""
        if "gateway" not in self.rounds or other not in self.rounds:
            return None
        ours, theirs = (median_round(self.rounds[name]).cpu_us for name in ("gateway", other))
        return ours / theirs if ours and theirs else None


def compare(rig: Rig, *, seconds: int, rounds: int) -> Comparison:
    """Send the same load to every target in turn, `rounds` times."""
    load = Load(need_program("wrk"), rig.write_tokens("one-token", [rig.issuer.token()]))
    skipped = [] if find_program("haproxy") else ["haproxy is not installed"]
    with ExitStack() as stack:
        targets = _start_targets(rig, stack)
        for target in targets:
            if target.process is not None:
                check_refusals(target, rig.issuer)
            load.run(target, _WARM_UP_S)
        seen: dict[str, list[Round]] = {target.name: [] for target in targets}
        for _ in range(rounds):  # interleaved: a busy minute of the machine hits every target
            for target in targets:
                seen[target.name].append(load.run(target, seconds))
    return Comparison(seen, tuple(skipped))


def median_round(rounds: Sequence[Round]) -> Round:
    """Take the median of each figure; the requests are counted together."""
    cpu_us = [each.cpu_us for each in rounds if each.cpu_us is not None]
    return Round(
        requests=sum(each.requests for each in rounds),
        requests_per_s=median(each.requests_per_s for each in rounds),
        cpu_us=median(cpu_us) if cpu_us else None,
        p50_us=median(each.p50_us for each in rounds),
        p99_us=median(each.p99_us for each in rounds),
    )


def _start_targets(rig: Rig, stack: ExitStack) -> list[Target]:
    _, upstream_port = stack.enter_context(running_upstream(rig.directory))
    gateway = stack.enter_context(running_gateway(rig.directory, rig.issuer, upstream_port))
    targets = [
        Target("direct", upstream_port, None),
        Target("gateway", gateway.port, gateway.process),
    ]
    if program := find_program("haproxy"):
        process, port = stack.enter_context(
            running_haproxy(program, rig.directory, rig.issuer, upstream_port)
        )
        targets.append(Target("haproxy", port, process))
    process, port = stack.enter_context(
        running_clientsession_proxy(rig.directory, rig.issuer, upstream_port)
    )
    return [*targets, Target("clientsession", port, process)]
