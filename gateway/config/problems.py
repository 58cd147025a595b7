"""What is wrong with a configuration, shown where it is wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in the file; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: its path in the document, what to write instead, and where."""

    path: Path
    message: str
    place: Place


def path_text(path: Path) -> str:
    """Write a path as an operator would: `upstreams[1].timeout`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def render(problems: Iterable[Problem], file_name: str, text: str) -> str:
    """Show every problem with its line and a caret, in the order of the file."""
    lines = text.splitlines()
    ordered = sorted(problems, key=lambda problem: (problem.place, path_text(problem.path)))
    return "\n".join(_render_one(problem, file_name, lines) for problem in ordered)


def _render_one(problem: Problem, file_name: str, lines: Sequence[str]) -> str:
    place = problem.place
    subject = path_text(problem.path)
    head = f"{file_name}:{place.line}:{place.column}: " + (f"{subject}: " if subject else "")
    if not 0 < place.line <= len(lines):
        return head + problem.message
    # Tabs would put the caret elsewhere.
    line = lines[place.line - 1].replace("\t", " ")
    return f"{head}{problem.message}\n    {line}\n    {' ' * (place.column - 1)}^"
