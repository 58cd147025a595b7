"""The project's own Python files, the functions and classes in them, and what they import."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_WRITTEN = {"node_modules", "vectors"}
WRITTEN = ("gateway", "tests", "tools", "examples", "benchmarks")


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method; `lines` counts its body without the docstring, 0 for a stub."""

    place: str
    lines: int


def python_files(*folders: str) -> list[Path]:
    """Every Python file below these folders of the project."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in found if not NOT_WRITTEN.intersection(path.parts))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[Function]:
    """Every function of a file, nested ones too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Function(f"{relative(path)}:{node.lineno} {node.name}", _body_lines(node))


def public_classes(path: Path) -> Iterator[str]:
    """The names of the classes that others may import from a file."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def imports_of_ours(path: Path) -> set[str]:
    """The modules of the gateway that a file imports, wherever in it."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    modules = (node.module or "" for node in nodes if isinstance(node, ast.ImportFrom))
    return {module for module in modules if module.startswith("gateway.")}


def has_functions(path: Path) -> bool:
    """Whether a file has a function that does something; those of protocols do not."""
    return any(function.lines for function in functions(path))


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    if all(isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant) for each in body):
        return 0
    return (body[-1].end_lineno or body[-1].lineno) - body[0].lineno + 1
