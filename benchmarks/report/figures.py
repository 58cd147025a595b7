"""The figures that the gateway is judged by: measured, what each must be, and the aim."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from benchmarks.measurements.comparison import Comparison
from benchmarks.measurements.flood import Flood
from benchmarks.measurements.refused import Refusals
from benchmarks.measurements.startup import StartUp
from benchmarks.measurements.streams import IdleStreams
from benchmarks.report.render import Result
from benchmarks.report.table import table

Results = Mapping[str, Result]
_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True)
class Measured:
    """A value, and how it is shown."""

    value: float
    shown: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One row; `read` finds None where it was not measured, `aim` is None where there is none.

    Both limits may be reached, unless `below`: then the value must stay under them.
    """

    name: str
    must: float
    aim: float | None
    read: Callable[[Results], Measured | None]
    unit: str = ""
    below: bool = False

    def row(self, results: Results) -> tuple[str, ...]:
        """Write the row: the limits say whether they were met."""
        measured = self.read(results)
        limits = (self._limit(limit, measured) for limit in (self.must, self.aim))
        return (self.name, measured.shown if measured else "-", *limits)

    def _limit(self, limit: float | None, measured: Measured | None) -> str:
        if limit is None:
            return ""
        text = f"{'<' if self.below else '≤'} {limit:g}{self.unit}"
        if measured is None:
            return text
        met = measured.value < limit if self.below else measured.value <= limit
        return f"{text}: {'met' if met else 'missed'}"


def render_figures(results: Results) -> str:
    """Write the table of all figures, measured or not."""
    return table(("figure", "measured", "must", "aim"), [each.row(results) for each in FIGURES])


def _one(results: Results, kind: type[_Kind]) -> _Kind | None:
    return next((each for each in results.values() if isinstance(each, kind)), None)


def _ratio(workload: str, other: str) -> Callable[[Results], Measured | None]:
    def read(results: Results) -> Measured | None:
        compared = _one(results, Comparison)
        ratio = compared.ratio(workload, other) if compared else None
        if ratio is None:
            return None
        shown = f"{ratio.middle:.2f} ({ratio.lowest:.2f} to {ratio.highest:.2f})"
        return Measured(ratio.middle, shown)

    return read


def _refusal(results: Results) -> Measured | None:
    refused = _one(results, Refusals)
    cpu_us = refused.gateway_us if refused else None
    return None if cpu_us is None else Measured(cpu_us, f"{cpu_us:.1f} µs")


def _idle_stream(results: Results) -> Measured | None:
    streams = _one(results, IdleStreams)
    if streams is None:
        return None
    kib = streams.bytes_per_stream / 1024
    return Measured(kib, f"{kib:.1f} KiB, of {streams.count:,}")


def _start(results: Results) -> Measured | None:
    start = _one(results, StartUp)
    return None if start is None else Measured(start.ready_s, f"{start.ready_s:.2f} s")


def _flood(results: Results) -> Measured | None:
    flood = _one(results, Flood)
    return None if flood is None else Measured(flood.p99_ratio, f"{flood.p99_ratio:.2f}")


_BESIDE = "haproxy"
FIGURES = (
    Figure("CPU per tools/call, JSON answer ÷ HAProxy", 1.0, 0.6, _ratio("json", _BESIDE)),
    Figure("with rules, limits, sealed session ÷ HAProxy", 1.25, 0.8, _ratio("policed", _BESIDE)),
    Figure("answer as one event, one write ÷ HAProxy", 1.2, 0.75, _ratio("event", _BESIDE)),
    Figure("answer as one event, three writes ÷ HAProxy", 1.2, 0.75, _ratio("pieces", _BESIDE)),
    Figure("JSON answer ÷ ClientSession proxy", 0.3, 0.2, _ratio("json", "clientsession")),
    Figure("heads that differ each time ÷ HAProxy", 1.3, 1.0, _ratio("differ", _BESIDE)),
    Figure("CPU of a 401 for a missing token", 25, 12, _refusal, " µs"),
    Figure("memory of an idle event stream", 12, 8, _idle_stream, " KiB"),
    Figure("start until ready", 0.4, 0.25, _start, " s"),
    Figure("flood of forged tokens: p99 of others ÷ idle", 1.5, None, _flood, below=True),
)
