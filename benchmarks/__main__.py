"""`python -m benchmarks`: measure the gateway beside its alternatives on this machine."""

import json
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from benchmarks.measurements.cache_miss import measure_cache_miss
from benchmarks.measurements.comparison import Comparison, compare
from benchmarks.measurements.flood import measure_flood
from benchmarks.measurements.latency import measure_latency
from benchmarks.measurements.logins import measure_logins
from benchmarks.measurements.policy import measure_policy
from benchmarks.measurements.refused import measure_refused
from benchmarks.measurements.startup import measure_startup
from benchmarks.measurements.streams import measure_streams
from benchmarks.measurements.verdicts import measure_verdicts
from benchmarks.measurements.workloads import WORKLOADS
from benchmarks.processes import BenchmarkError, MissingProgram
from benchmarks.report.figures import render_figures
from benchmarks.report.render import Result, render
from benchmarks.rig import Rig, open_rig

NAMES = (
    "compare",
    "refused",
    "cache-miss",
    "verdicts",
    "flood",
    "policy",
    "logins",
    "latency",
    "streams",
    "startup",
)
WORKLOAD_NAMES = tuple(each.name for each in WORKLOADS)
DOCS = Path(__file__).parents[1] / "docs"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    seconds: int
    rounds: int
    streams: int
    only: tuple[str, ...]
    workloads: tuple[str, ...]
    json_file: Path | None
    plot: bool


@click.command()
@click.option("--seconds", type=click.IntRange(1, 60), default=5, help="Length of a round.")
@click.option("--rounds", type=click.IntRange(1, 20), default=3, help="Rounds for each target.")
@click.option("--streams", type=click.IntRange(1, 9000), default=5000, help="Idle streams.")
@click.option("--only", type=click.Choice(NAMES), multiple=True, help="Measure this alone.")
@click.option(
    "--workload",
    "workloads",
    type=click.Choice(WORKLOAD_NAMES),
    multiple=True,
    default=WORKLOAD_NAMES,
    help="Compare under this load alone.",
)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures here.")
@click.option("--plot", is_flag=True, help="Draw the comparison into docs/.")
def main(**chosen: Any) -> None:
    """Measure the gateway; everything stays on loopback and is cleaned up."""
    options = Options(**chosen)
    if options.plot:
        _check_plot(options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # cleans up
    results, failed = _measure(options)
    click.echo(render_figures(results))
    if options.json_file is not None:
        figures = {name: asdict(result) for name, result in results.items()}
        options.json_file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    compared = results.get("compare")
    if options.plot and isinstance(compared, Comparison):
        _plot(compared)
    sys.exit(1 if failed else 0)


def _measure(options: Options) -> tuple[dict[str, Result], bool]:
    """Give what was measured, and whether anything could not be."""
    results: dict[str, Result] = {}
    failed = False
    measurements = _measurements(options)
    with open_rig() as rig:
        for name in options.only or NAMES:
            try:
                results[name] = measurements[name](rig)
            except MissingProgram as cause:
                click.echo(f"{name}: skipped: {cause}\n", err=True)
            except (BenchmarkError, OSError, ExceptionGroup) as cause:
                click.echo(f"{name}: not measured: {cause}\n", err=True)
                failed = True
            else:
                click.echo(render(results[name]) + "\n")
    return results, failed


def _measurements(options: Options) -> Mapping[str, Callable[[Rig], Result]]:
    seconds, rounds = options.seconds, options.rounds
    return {
        "compare": partial(compare, seconds=seconds, rounds=rounds, workloads=options.workloads),
        "refused": partial(measure_refused, seconds=seconds, rounds=rounds),
        "cache-miss": partial(measure_cache_miss, seconds=seconds),
        "verdicts": measure_verdicts,
        "flood": partial(measure_flood, seconds=4 * seconds),
        "policy": partial(measure_policy, seconds=seconds, rounds=rounds),
        "logins": partial(measure_logins, seconds=seconds, rounds=rounds),
        "latency": measure_latency,
        "streams": partial(measure_streams, count=options.streams),
        "startup": measure_startup,
    }


def _check_plot(options: Options) -> None:
    """Refuse before minutes are spent, when in the end nothing could be drawn."""
    if find_spec("matplotlib") is None:
        raise click.UsageError("--plot needs matplotlib: pip install --group bench")
    if options.only and "compare" not in options.only:
        raise click.UsageError("--plot draws `compare`, which --only leaves out")
    if options.workloads != WORKLOAD_NAMES:
        raise click.UsageError("--plot draws every workload, and --workload leaves some out")


def _plot(compared: Comparison) -> None:
    from benchmarks.report.plot import plot  # only with the group `bench`

    for path in plot(compared, DOCS):
        click.echo(f"wrote {path}")


if __name__ == "__main__":
    main()
