"""Change the security core one small thing at a time, and say which changes no test notices.

    python -m tools.mutate [--seconds 1800] [--show] [MODULE ...]

A run goes on where the last one ended: what is known of a mutant counts for as long as its module
stays the same, and of one that survived only while the tests stay the same too. `mutation.toml`
says which modules, and which mutants are no change at all.
"""

import argparse
import hashlib
import json
import os
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from tools.mutants import Mutant, find_mutants, mutate
from tools.mutation_run import (
    Baseline,
    Outcome,
    end_group,
    measure,
    outcome_of,
    preload,
    start,
)

ROOT = Path(__file__).parents[1]
SETTINGS = Path(__file__).with_name("mutation.toml")
STATE = ROOT / ".mutation"
_TESTS_LIMIT_S = 5.0
_PATIENCE = 4.0  # a machine that does other work too
_STARTING_S = 20.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What `mutation.toml` says. `equivalents` are names of mutants by file."""

    modules: Sequence[str]
    tests: Sequence[str]
    least_score: float
    equivalents: Mapping[str, Mapping[str, str]]


class Task(NamedTuple):
    """A mutant that is to be tried."""

    file: str
    mutant: Mutant
    tests: Sequence[str]
    limit_s: float


def read_settings(text: str, root: Path = ROOT) -> Settings:
    """Read `mutation.toml`. Every equivalent mutant comes with its reason."""
    read = tomllib.loads(text)
    files = sorted(
        path.relative_to(root).as_posix()
        for pattern in read["modules"]
        for path in root.glob(pattern)
        if path.name != "__init__.py"
    )
    equivalents: dict[str, dict[str, str]] = {}
    for each in read.get("equivalent", []):
        equivalents.setdefault(each["file"], {})[each["mutant"]] = each["reason"]
    return Settings(files, read["tests"], read["least_score"], equivalents)


class Notebook:
    """What is known from earlier runs, one line for each mutant that was tried."""

    def __init__(self, path: Path, tests_digest: str) -> None:
        self._path = path
        self._tests = tests_digest
        self._known: dict[tuple[str, str, str], tuple[Outcome, str]] = {}
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                told = json.loads(line)
                key = (told["file"], told["module"], told["mutant"])
                self._known[key] = (told["outcome"], told["tests"])

    def outcome(self, file: str, digest: str, mutant: Mutant) -> Outcome | None:
        """What became of it, None when it is to be tried (again)."""
        outcome, tests = self._known.get((file, digest, mutant.name), (None, ""))
        return None if outcome == "survived" and tests != self._tests else outcome

    def note(self, file: str, digest: str, mutant: Mutant, outcome: Outcome) -> None:
        """Keep what became of it."""
        self._known[file, digest, mutant.name] = (outcome, self._tests)
        told = {"file": file, "module": digest, "mutant": mutant.name, "outcome": outcome}
        with self._path.open("a", encoding="utf-8") as file_of_all:
            file_of_all.write(json.dumps(told | {"tests": self._tests}) + "\n")


def digest_of(paths: Iterable[Path]) -> str:
    """A short name for the content of files."""
    total = hashlib.blake2b(digest_size=8)
    for path in sorted(paths):
        total.update(path.read_bytes())
    return total.hexdigest()


def run(tasks: Sequence[Task], notebook: Notebook, jobs: int, ends_at: float) -> None:
    """Try mutants, some at once, until all are done or the time is over."""
    waiting, running = list(reversed(tasks)), dict[int, Task]()
    while running or (waiting and time.monotonic() < ends_at):
        while waiting and len(running) < jobs and time.monotonic() < ends_at:
            task = waiting.pop()
            path = ROOT / task.file
            tree = mutate(path.read_text(encoding="utf-8"), task.mutant)
            running[start(_module(task.file), path, tree, task.tests, task.limit_s)] = task
        pid, status = os.wait()
        if (done := running.pop(pid, None)) is None:
            continue
        end_group(pid)
        outcome = outcome_of(status)
        notebook.note(done.file, digest_of([ROOT / done.file]), done.mutant, outcome)
        left = len(waiting) + len(running)
        if outcome != "killed":
            print(f"{outcome:9} {done.file}:{done.mutant.line} {done.mutant.name}", flush=True)
        elif left % 100 == 0:
            print(f"          {left} left", flush=True)


def untried(
    settings: Settings, notebook: Notebook, chosen: Sequence[str]
) -> Iterator[tuple[str, Mutant]]:
    """The mutants of which nothing is known."""
    for file in chosen:
        digest = digest_of([ROOT / file])
        equivalent = settings.equivalents.get(file, {})
        for mutant in find_mutants((ROOT / file).read_text(encoding="utf-8")):
            if mutant.name in equivalent or notebook.outcome(file, digest, mutant) is not None:
                continue
            yield file, mutant


def report(settings: Settings, notebook: Notebook, chosen: Sequence[str], show: bool) -> float:
    """Print a line for each module; returns the percentage of mutants that were killed."""
    total: Counter[str] = Counter()
    print(f"{'module':44}{'mutants':>8}{'killed':>8}{'equal':>7}{'lived':>7}{'untried':>8}{'':>8}")
    for file in chosen:
        digest = digest_of([ROOT / file])
        equivalent = settings.equivalents.get(file, {})
        found: Counter[str] = Counter()
        mutants = find_mutants((ROOT / file).read_text(encoding="utf-8"))
        names = {each.name for each in mutants}
        for mutant in mutants:
            outcome = notebook.outcome(file, digest, mutant)
            what = "equal" if mutant.name in equivalent else outcome or "untried"
            found["killed" if what == "timeout" else what] += 1
            if show and what == "survived":
                print(f"  line {mutant.line}: {mutant.name}")
        _line(file, found)
        total += found
        for name in equivalent.keys() - names:
            print(f"  not found any more: {name}")
    _line("all", total)
    return _score(total)


def _line(name: str, found: Mapping[str, int]) -> None:
    shown = [found.get(key, 0) for key in ("killed", "equal", "survived", "untried")]
    columns = f"{sum(shown):>8}{shown[0]:>8}{shown[1]:>7}{shown[2]:>7}{shown[3]:>8}"
    print(f"{name:44}{columns}{_score(found):>7.1f}%")


def _score(found: Mapping[str, int]) -> float:
    tried = found.get("killed", 0) + found.get("survived", 0)
    return 100.0 * found.get("killed", 0) / tried if tried else 100.0


def _module(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


def _baseline(settings: Settings, digest: str) -> Baseline:
    kept = STATE / "baseline.json"
    if kept.exists():
        told = json.loads(kept.read_text(encoding="utf-8"))
        if told["digest"] == digest:
            lines = {
                file: {int(line): tests for line, tests in found.items()}
                for file, found in told["by_line"].items()
            }
            return Baseline(told["seconds"], lines)
    print("looking which tests run which line …", flush=True)
    found = measure(settings.tests, settings.modules, STATE)
    kept.write_text(json.dumps(asdict(found) | {"digest": digest}), encoding="utf-8")
    return found


def _tasks(found: Iterable[tuple[str, Mutant]], baseline: Baseline) -> Iterator[Task]:
    for file, mutant in found:
        tests = baseline.tests_for(file, [mutant.line], _TESTS_LIMIT_S)
        expected_s = sum(baseline.seconds[each] for each in tests)
        yield Task(file, mutant, tests, _STARTING_S + _PATIENCE * expected_s)


def main() -> int:
    """Try what is untried within the time, and report."""
    parser = argparse.ArgumentParser(description="Which changes does no test notice?")
    parser.add_argument("module", nargs="*", help="only files whose path contains this")
    parser.add_argument("--seconds", type=float, default=3600.0, help="end after about this long")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--show", action="store_true", help="list the mutants that survived")
    options = parser.parse_args()
    ends_at = time.monotonic() + options.seconds
    os.chdir(ROOT)
    STATE.mkdir(exist_ok=True)
    settings = read_settings(SETTINGS.read_text(encoding="utf-8"))
    chosen = [
        file
        for file in settings.modules
        if not options.module or any(part in file for part in options.module)
    ]
    tests = [path for folder in ("tests",) for path in (ROOT / folder).rglob("*.py")]
    tests_digest = digest_of(each for each in tests if "node_modules" not in each.parts)
    notebook = Notebook(STATE / "outcomes.jsonl", tests_digest)
    todo = list(untried(settings, notebook, chosen))
    if todo:
        preload()
        sources = digest_of((ROOT / "gateway").rglob("*.py"))
        baseline = _baseline(settings, tests_digest + sources)
        run(list(_tasks(todo, baseline)), notebook, options.jobs, ends_at)
    score = report(settings, notebook, chosen, options.show)
    return 0 if score >= settings.least_score else 1


if __name__ == "__main__":
    sys.exit(main())
