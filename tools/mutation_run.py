"""Running tests against one mutant at a time, in forks of one process that has imported little.

The parent loads what is slow and not ours. A child takes the mutant in the place of its module,
imports the rest, runs the chosen tests and says by its end whether one of them failed.
"""

import ast
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Literal, NoReturn

import coverage
import pytest

Outcome = Literal["killed", "survived", "timeout"]
_QUIET = [
    "-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist",
    "-W", "ignore::pytest.PytestAssertRewriteWarning",  # of the plug-ins that are loaded already
]  # fmt: skip
_PRELOADED = (
    "aiohttp.web", "aiohttp.test_utils", "cachetools", "click.testing", "cryptography.x509",
    "cryptography.hazmat.primitives.asymmetric.rsa", "httptools", "hypothesis.strategies",
    "joserfc.jwt", "jsonschema", "msgspec", "prometheus_client", "pydantic", "redis.asyncio",
    "rich.console", "yaml", "_hypothesis_pytestplugin", "pytest_aiohttp.plugin",
    "pytest_asyncio.plugin", "pytest_cov.plugin", "anyio.pytest_plugin",
)  # fmt: skip
_UNIT = "/unit/"
_MAX_FILES = 8  # each is read and imported anew for each mutant
_PASSED, _FAILED = 0, 1
_EVERY_LINE = ""  # coverage's context of what runs while a module is imported


@dataclass(slots=True)
class Baseline:
    """Which tests run which line of which file, and how long each takes."""

    seconds: dict[str, float] = field(default_factory=dict)
    by_line: dict[str, dict[int, list[str]]] = field(default_factory=dict)

    def tests_for(self, file: str, lines: Iterable[int], limit_s: float) -> list[str]:
        """The tests that run one of the lines: those of the module first, then the quickest.

        All that run any line of the file where the line runs at import. Not longer than
        `limit_s` together.
        """
        known = self.by_line.get(file, {})
        found = {test for line in lines for test in known.get(line, [])}
        mirror = f"/test_{Path(file).stem}.py::"
        if not found or _EVERY_LINE in found:
            found = {test for tests in known.values() for test in tests}
            found |= {test for test in self.seconds if mirror in test}
        order = sorted(
            found & self.seconds.keys(),
            key=lambda test: (mirror not in test, _UNIT not in test, self.seconds[test]),
        )
        chosen: list[str] = []
        files: set[str] = set()
        total_s = 0.0
        for test in order:
            of_file = test.partition("::")[0]
            if of_file not in files and len(files) >= _MAX_FILES:
                continue
            if chosen and total_s + self.seconds[test] > limit_s:
                break
            files.add(of_file)
            chosen.append(test)
            total_s += self.seconds[test]
        return chosen


class _Durations:
    """A plug-in of pytest that notes how long each test takes, its fixtures included."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed.add(report.nodeid)

    @property
    def of_good_ones(self) -> dict[str, float]:
        """Without the tests that fail anyway: they can tell nothing."""
        return {test: s for test, s in self.seconds.items() if test not in self.failed}


def preload() -> None:
    """Import what every child would have to import again."""
    for name in _PRELOADED:
        importlib.import_module(name)
    gc.freeze()  # else each child would copy what it only looks at


def measure(tests: Sequence[str], files: Sequence[str], folder: Path) -> Baseline:
    """Run all tests without a mutant. Raises RuntimeError when they cannot be run."""
    told, data = folder / "durations.json", folder / "coverage"
    data.unlink(missing_ok=True)
    pid = os.fork()
    if pid == 0:
        _end_with(lambda: _measure(tests, told, data))
    _, status = os.waitpid(pid, 0)
    if os.waitstatus_to_exitcode(status) not in (_PASSED, _FAILED):
        raise RuntimeError("the tests cannot be run, without any mutant")
    return _baseline(json.loads(told.read_text(encoding="utf-8")), files, data)


def start(module: str, file: Path, tree: ast.Module, tests: Sequence[str], limit_s: float) -> int:
    """Begin to try one mutant in a process of its own; returns its id."""
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        signal.setitimer(signal.ITIMER_REAL, limit_s)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        _end_with(lambda: _try(module, file, tree, tests))
    return pid


def outcome_of(status: int) -> Outcome:
    """What the end of a child says of its mutant."""
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGALRM:
        return "timeout"
    return "survived" if code == _PASSED else "killed"


def end_group(pid: int) -> None:
    """End what a child may have left behind: servers that its tests had started."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _end_with(work: Callable[[], int]) -> NoReturn:
    code = _FAILED
    try:
        code = work()
    finally:
        os._exit(code)


def _measure(tests: Sequence[str], told: Path, data: Path) -> int:
    durations = _Durations()
    arguments = [*_QUIET, "--cov=gateway", "--cov-report=", "--cov-context=test", *tests]
    os.environ["COVERAGE_FILE"] = str(data)
    code = pytest.main(arguments, plugins=[durations])
    told.write_text(json.dumps(durations.of_good_ones), encoding="utf-8")
    return int(code)


def _baseline(seconds: Mapping[str, float], files: Sequence[str], data: Path) -> Baseline:
    found = Baseline(dict(seconds))
    read = coverage.CoverageData(str(data))
    read.read()
    for file in files:
        lines = read.contexts_by_lineno(str(Path(file).resolve()))
        found.by_line[file] = {
            line: sorted({context.rpartition("|")[0] for context in contexts})
            for line, contexts in lines.items()
        }
    return found


def _try(module: str, file: Path, tree: ast.Module, tests: Sequence[str]) -> int:
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    sys.meta_path.insert(0, _Swapped(module, file, tree))
    for some in _by_and_by(tests):
        if code := pytest.main([*_QUIET, "-x", "--hypothesis-profile=mutants", *some]):
            return int(code)
    return _PASSED


def _by_and_by(tests: Sequence[str]) -> Iterator[Sequence[str]]:
    """Those of the first file before all others: most mutants live no longer, and files cost."""
    if not tests:
        return  # nothing runs the line, so nobody notices
    first = tests[0].partition("::")[0]
    near = [test for test in tests if test.startswith(f"{first}::")]
    yield near
    if far := [test for test in tests if test not in near]:
        yield far


class _Swapped(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from a tree instead of its file."""

    def __init__(self, module: str, file: Path, tree: ast.Module) -> None:
        self._module, self._file, self._tree = module, file, tree

    def find_spec(
        self, fullname: str, path: object, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._module:
            return None
        return importlib.util.spec_from_file_location(fullname, self._file, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._tree, str(self._file), "exec"), module.__dict__)  # noqa: S102 # our text
