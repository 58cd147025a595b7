"""How large the rooms and pieces of the code are, and how far one request travels in it.

`python -m tools.house` prints both as a table; `--static` leaves the request out, which starts a
gateway in this process and needs the packages of the tests.
"""

import ast
import asyncio
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median, quantiles
from types import FrameType

from tests.architecture.sources import ROOT, functions, python_files, relative

_PACKAGE = ROOT / "gateway"


def main(arguments: Sequence[str]) -> None:
    """Print what the options ask for."""
    rows = [*static_rows()]
    if "--static" not in arguments:
        rows += travel_rows(asyncio.run(travelled()))
    for name, value in rows:
        print(f"| {name} | {value} |")


def static_rows() -> Iterator[tuple[str, object]]:
    """Measure files, folders, imports and bodies."""
    files = python_files("gateway")
    code = [path for path in files if path.name != "__init__.py"]
    folders = Counter(relative(path.parent) for path in code)
    yield "largest folders", ", ".join(f"{name} {count}" for name, count in folders.most_common(4))
    imports = {relative(path): len(_imports_of_ours(path)) for path in code}
    most = sorted(imports.items(), key=lambda item: -item[1])[:3]
    yield "most imports of ours", ", ".join(f"{name} {count}" for name, count in most)
    bodies = [each.lines for path in code for each in functions(path)]
    yield "function bodies: median, p95, longest", _spread(bodies)
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in code]
    yield "files: count, lines: median, p95, longest", f"{len(code)}, {_spread(lengths)}"
    aiohttp = [relative(path) for path in code if "aiohttp" in path.read_text(encoding="utf-8")]
    yield "files that know aiohttp in proxy", sum("/proxy/" in name for name in aiohttp)


def _spread(values: Sequence[int]) -> str:
    return f"{median(values):g}, {quantiles(values, n=20)[-1]:g}, {max(values)}"


def _imports_of_ours(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    modules = (node.module or "" for node in nodes if isinstance(node, ast.ImportFrom))
    return {module for module in modules if module.startswith("gateway.")}


def travel_rows(files: Sequence[str]) -> Iterator[tuple[str, object]]:
    """Sum up which files one request visited, in order."""
    stays = [here for last, here in zip(["", *files], files, strict=False) if here != last]
    gate = next((name for name in stays if name.endswith("gate.py")), "")
    yield "one call of a tool: files visited", len(set(stays))
    yield "one call of a tool: stays in files", len(stays)
    yield f"one call of a tool: stays in {gate}", stays.count(gate)


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
