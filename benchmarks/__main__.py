"""`python -m benchmarks`: measure the gateway beside its alternatives on this machine."""

import json
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from benchmarks.measurements.cache_miss import measure_cache_miss
from benchmarks.measurements.comparison import compare
from benchmarks.measurements.flood import measure_flood
from benchmarks.measurements.latency import measure_latency
from benchmarks.measurements.policy import measure_policy
from benchmarks.measurements.startup import measure_startup
from benchmarks.measurements.streams import measure_streams
from benchmarks.measurements.verdicts import measure_verdicts
from benchmarks.processes import BenchmarkError, MissingProgram
from benchmarks.report.render import Result, render
from benchmarks.rig import Rig, open_rig

NAMES = ("compare", "cache-miss", "verdicts", "flood", "policy", "latency", "streams", "startup")


@click.command()
@click.option("--seconds", type=click.IntRange(1, 60), default=5, help="Length of a round.")
@click.option("--rounds", type=click.IntRange(1, 20), default=3, help="Rounds for each target.")
@click.option("--streams", type=click.IntRange(1, 9000), default=5000, help="Idle streams.")
@click.option("--only", type=click.Choice(NAMES), multiple=True, help="Measure this alone.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures here.")
def main(
    seconds: int, rounds: int, streams: int, only: tuple[str, ...], json_file: Path | None
) -> None:
    """Measure the gateway; everything stays on loopback and is cleaned up."""
    measurements: Mapping[str, Callable[[Rig], Result]] = {
        "compare": partial(compare, seconds=seconds, rounds=rounds),
        "cache-miss": partial(measure_cache_miss, seconds=seconds),
        "verdicts": measure_verdicts,
        "flood": partial(measure_flood, seconds=4 * seconds),
        "policy": partial(measure_policy, seconds=seconds, rounds=rounds),
        "latency": measure_latency,
        "streams": partial(measure_streams, count=streams),
        "startup": measure_startup,
    }
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # cleans up
    results: dict[str, Result] = {}
    failed = False
    with open_rig() as rig:
        for name in only or NAMES:
            try:
                results[name] = measurements[name](rig)
            except MissingProgram as cause:
                click.echo(f"{name}: skipped: {cause}\n", err=True)
            except (BenchmarkError, OSError, ExceptionGroup) as cause:
                click.echo(f"{name}: not measured: {cause}\n", err=True)
                failed = True
            else:
                click.echo(render(results[name]) + "\n")
    if json_file is not None:
        figures = {name: asdict(result) for name, result in results.items()}
        json_file.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
