"""No test sleeps in the hope that something is done by then: CONTRIBUTING.md."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sources import python_files, relative

_REPEATS = (ast.While, ast.For, ast.AsyncFor)


def _sleeps(node: ast.AST, repeated: bool = False) -> Iterator[ast.Call]:
    """Calls of `sleep` for some time that do not stand in a loop."""
    for child in ast.iter_child_nodes(node):
        called = child.func if isinstance(child, ast.Call) else None
        if isinstance(called, ast.Attribute) and called.attr == "sleep" and not repeated:
            assert isinstance(child, ast.Call)
            if not (child.args and ast.unparse(child.args[0]) == "0"):
                yield child
        yield from _sleeps(child, repeated or isinstance(child, _REPEATS))


def _unexplained(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for call in _sleeps(ast.parse(text)):
        if "#" not in lines[call.lineno - 1]:
            yield f"{relative(path)}:{call.lineno}"


def test_every_sleep_asks_again_or_says_what_passes_meanwhile() -> None:
    found = [each for path in python_files("tests") for each in _unexplained(path)]

    assert not found, "sleeps once and has no comment that says for what"
