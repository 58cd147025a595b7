"""The gateway beside its alternatives: same checks, same upstream, every load in one run."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from statistics import median

from benchmarks.clients.load import Load, Round, Target
from benchmarks.measurements.workloads import WORKLOADS, Workload
from benchmarks.rig import Rig, need_program
from benchmarks.targets.contenders import Contenders, start_contenders
from benchmarks.targets.policed import begin_session

_WARM_UP_S = 1


@dataclass(frozen=True, slots=True)
class Ratio:
    """The gateway's CPU per request as a part of another's: the middle round's, and the range."""

    middle: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every round of each target, by name, for each workload; and what was left out."""

    rounds: Mapping[str, Mapping[str, Sequence[Round]]]
    skipped: tuple[str, ...]

    def ratio(self, workload: str, other: str) -> Ratio | None:
        """Compare round by round, for a round's two loads meet the same machine."""
        seen = self.rounds.get(workload, {})
        pairs = zip(seen.get("gateway", ()), seen.get(other, ()), strict=False)
        parts = [a.cpu_us / b.cpu_us for a, b in pairs if a.cpu_us and b.cpu_us]
        return Ratio(median(parts), min(parts), max(parts)) if parts else None


def compare(rig: Rig, *, seconds: int, rounds: int, workloads: Sequence[str]) -> Comparison:
    """Send each workload to its targets in turn, `rounds` times."""
    token = rig.issuer.token()
    load = Load(need_program("wrk"), rig.write_tokens("one-token", [token]))
    with ExitStack() as stack:
        contenders = start_contenders(rig, stack)
        seen = {}
        for workload in WORKLOADS:
            if workload.name in workloads:
                session = begin_session(contenders.policed.port, token) if workload.policed else ""
                mine = replace(workload.shape(load), session=session)
                seen[workload.name] = _run_in_turns(
                    mine, _targets(workload, contenders), seconds, rounds
                )
    return Comparison(seen, contenders.skipped)


def _targets(workload: Workload, contenders: Contenders) -> list[Target]:
    found = [each for name, each in contenders.targets.items() if name in workload.targets]
    if workload.policed:
        return [contenders.policed if each.name == "gateway" else each for each in found]
    return found


def _run_in_turns(
    load: Load, targets: Sequence[Target], seconds: int, rounds: int
) -> dict[str, list[Round]]:
    for target in targets:
        load.run(target, _WARM_UP_S)
    seen: dict[str, list[Round]] = {target.name: [] for target in targets}
    for _ in range(rounds):  # interleaved: a busy minute of the machine hits every target
        for target in targets:
            seen[target.name].append(load.run(target, seconds))
    return seen
