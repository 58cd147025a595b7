"""The loads of the comparison, each with the targets that it is sent to."""

from dataclasses import dataclass, replace

from benchmarks.clients.load import Load
from benchmarks.targets.answers import EVENT_IN_PIECES_TOOL, EVENT_TOOL, JSON_TOOL
from benchmarks.targets.contenders import NAMES

_SIDE_BY_SIDE = ("gateway", "haproxy", "envoy with cache")
_STEADY_PAUSE_MS = 15  # with 16 connections: about 1,000 a second


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of load; `policed` sends it to the gateway that has rules, limits and sessions."""

    name: str
    title: str
    targets: tuple[str, ...] = _SIDE_BY_SIDE
    tool: str = JSON_TOOL
    policed: bool = False
    heads_differ: bool = False
    pause_ms: int = 0

    def shape(self, load: Load) -> Load:
        """Make a load into one of this kind."""
        return replace(load, tool=self.tool, heads_differ=self.heads_differ, pause_ms=self.pause_ms)


WORKLOADS = (
    Workload("json", "JSON answer", NAMES),
    Workload("policed", "JSON answer; sealed session, rules and limits", policed=True),
    Workload("event", "event stream of one event, in one write", tool=EVENT_TOOL),
    Workload("pieces", "event stream of one event, in three writes", tool=EVENT_IN_PIECES_TOOL),
    Workload("differ", "JSON answer; heads that differ each time", heads_differ=True),
    Workload("steady", "JSON answer; about 1,000 calls a second", NAMES, pause_ms=_STEADY_PAUSE_MS),
)
