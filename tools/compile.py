"""`python -m tools.compile`: a wheel whose path of a call is compiled, and a tree to test it in.

`tools/compiled.txt` names the modules, docs/decisions/021-compiled.md says why these. The wheel is
put into `dist`. `build/compiled` is the project as it is now with that wheel unpacked over it:
tests and benchmarks that run there, with it as PYTHONPATH, run the compiled gateway.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
TREE = ROOT / "build" / "compiled"
MODULES = ROOT / "tools" / "compiled.txt"
# Not of the project, but what tests look for beside it.
_BESIDE = (".venv", "tests/idp/node_modules", "tests/clients/node_modules")
_ORIGINS = """
import importlib, sys
print(*(importlib.import_module(name).__file__ for name in sys.argv[1:]), sep="\\n")
"""


class CompileError(Exception):
    """There is no wheel that could be trusted; the text says why."""


def module_names() -> list[str]:
    """The modules that are compiled, as they are imported."""
    paths = MODULES.read_text(encoding="utf-8").split()
    return [path.removesuffix(".py").replace("/", ".") for path in paths]


def main() -> None:
    """Build the wheel and the tree; ends with 1 when the compiler had anything to say."""
    try:
        _copy_project()
        wheel = _build_wheel()
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(TREE)
        _check_is_compiled()
    except CompileError as error:
        sys.exit(str(error))
    print(f"{wheel.relative_to(ROOT)} is built, and {TREE.relative_to(ROOT)} to run it in")


def _copy_project() -> None:
    shutil.rmtree(TREE, ignore_errors=True)
    listed = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, _output(*listed, at=ROOT).split("\0")):
        if (source := ROOT / name).is_file() and name not in _BESIDE:
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, TREE / name)
    for name in _BESIDE:
        if (source := ROOT / name).exists():
            (TREE / name).symlink_to(source.resolve())


def _build_wheel() -> Path:
    said = _output(
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--verbose"),
        *("--no-deps", "--no-build-isolation", "--wheel-dir", "dist", "."),
        at=TREE,
        MCPGW_COMPILE="1",
    )
    # Where it warns, it means something else than Python does: a generator becomes a list, say.
    doubts = [line for line in said.splitlines() if ".py:" in line and "warning:" in line]
    if doubts:
        raise CompileError("\n".join(["the compiler warns:", *doubts]))
    (wheel,) = (TREE / "dist").glob("*.whl")
    target = ROOT / "dist" / wheel.name
    target.parent.mkdir(exist_ok=True)
    return Path(shutil.move(wheel, target))


def _check_is_compiled() -> None:
    origins = _output(sys.executable, "-c", _ORIGINS, *module_names(), at=TREE).splitlines()
    others = [each for each in origins if not each.startswith(str(TREE)) or each.endswith(".py")]
    if others:
        raise CompileError("\n".join(["these are not compiled:", *others]))


def _output(*command: str, at: Path, **environment: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(at), **environment}
    done = subprocess.run(  # noqa: S603  # the commands above
        command, cwd=at, env=environment, text=True, capture_output=True, check=False
    )
    if done.returncode:
        raise CompileError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
