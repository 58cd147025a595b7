"""How large the rooms and pieces of the code are, and how far one request travels in it.

`python tools/house.py` prints both as a table. `--before REVISION` adds a column for an earlier
commit, such as 3381e28, before every concept had its room. `--static` leaves the request out, which
starts a gateway in this process and needs the packages of the tests.
"""

import asyncio
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles
from types import FrameType

sys.path.insert(0, str(Path(__file__).parents[1]))  # as a file, it is run without the project

from tests.architecture.sources import ROOT, functions, imports_of_ours, python_files, relative

_PACKAGE = ROOT / "gateway"
# What measures, for an earlier commit that did so otherwise or not at all.
_MEASURING = ("tools/house.py", "tests/architecture/sources.py")


def main(arguments: Sequence[str]) -> None:
    """Print what the options ask for."""
    options = [each for each in arguments if each == "--static"]
    columns: dict[str, Mapping[str, object]] = {"now": dict(rows(*options))}
    if "--before" in arguments:
        revision = arguments[arguments.index("--before") + 1]
        columns = {revision: rows_of(revision, *options)} | columns
    _print_row("what", columns)
    _print_row("---", ["---"] * len(columns))
    for name in columns["now"]:
        _print_row(name, [column.get(name, "") for column in columns.values()])


def _print_row(name: str, cells: Iterable[object]) -> None:
    print(f"| {name} | {' | '.join(map(str, cells))} |")


def rows(*options: str) -> Iterator[tuple[str, object]]:
    """What is measured here."""
    yield from static_rows()
    if "--static" not in options:
        yield from travel_rows(asyncio.run(travelled()))


def rows_of(revision: str, *options: str) -> Mapping[str, object]:
    """Measure an earlier commit in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        archive = _output_of("git", "-C", str(ROOT), "archive", revision)
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        for name in _MEASURING:
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, Path(folder) / name)
        printed = _output_of(sys.executable, f"{folder}/{_MEASURING[0]}", *options).decode()
    lines = [line.strip("| ").split(" | ") for line in printed.splitlines() if line[:1] == "|"]
    return {name: value for name, value in lines}


def _output_of(*command: str) -> bytes:
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout  # noqa: S603  # ours


def static_rows() -> Iterator[tuple[str, object]]:
    """Measure files, folders, imports and bodies."""
    code = {relative(path): path for path in python_files("gateway") if path.stem != "__init__"}
    folders = Counter(name.rpartition("/")[0] for name in code)
    yield "largest folders", _largest(folders)
    imports = Counter({name: len(imports_of_ours(path)) for name, path in code.items()})
    yield "most imports of ours", _largest(imports)
    bodies = [each.lines for path in code.values() for each in functions(path)]
    yield "function bodies: median, p95, longest", _spread(bodies)
    texts = {name: path.read_text(encoding="utf-8") for name, path in code.items()}
    yield "files", len(code)
    yield "lines of a file: median, p95, longest", _spread([t.count("\n") for t in texts.values()])
    aiohttp = [name for name, text in texts.items() if "aiohttp" in text]
    yield "files that know aiohttp in proxy", sum("/proxy/" in name for name in aiohttp)


def _largest(counted: Counter[str]) -> str:
    most = counted.most_common(3)
    return ", ".join(f"{name.removeprefix('gateway/')} {count}" for name, count in most)


def _spread(values: Sequence[int]) -> str:
    return f"{median(values):g}, {quantiles(values, n=20)[-1]:.0f}, {max(values)}"


def travel_rows(files: Sequence[str]) -> Iterator[tuple[str, object]]:
    """Sum up which files one request visited, in order."""
    stays = [here for last, here in zip(["", *files], files, strict=False) if here != last]
    yield "one call of a tool: files visited", len(set(stays))
    yield "one call of a tool: stays in files", len(stays)
    yield "one call of a tool: stays in gate.py", sum(name.endswith("/gate.py") for name in stays)


async def travelled() -> list[str]:
    """The files that the second call of a tool on a connection visits, one entry a function."""
    from tests.support.raw_http import post, raw_connection  # only with the tests
    from tests.support.rig import CALL, running_rig

    seen: list[str] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and _PACKAGE in path.parents:
            seen.append(path.relative_to(ROOT).as_posix())

    async with running_rig() as rig, raw_connection(rig.port) as client:
        request = post(rig.port, CALL, token=rig.token())
        for _ in range(2):
            seen.clear()
            sys.setprofile(note)
            await client.send(request)
            await client.read_response()
            sys.setprofile(None)
    return seen


if __name__ == "__main__":
    main(sys.argv[1:])
