"""What is wrong with a configuration, shown where it is wrong."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

Path = tuple[str | int, ...]
# What is shown may end in a log.
_SECRET = re.compile(r"(\b\w*(?:key|secret|password|token)[\"']?\s*:\s+)\S.*")
_URL_USER = re.compile(r"(?<=://)[^/\s@]+(?=@)")


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
    suggestion: str | None = None


class Finding(NamedTuple):
    """A problem whose place nobody has looked up yet; `suggestion` replaces the wrong word.

    `about` are the other settings that it follows from; empty: all below `path`.
    """

    path: Path
    message: str
    suggestion: str | None = None
    about: tuple[Path, ...] = ()


def conceal_url_user(text: str) -> str:
    """Take the user name and password of a URL out of a text."""
    return _URL_USER.sub("<redacted>", text)


def conceal(line: str) -> str:
    """Take the values of secret keys out of a line of the file."""
    return _SECRET.sub(r"\1<redacted>", conceal_url_user(line))


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
    message = _visible(conceal_url_user(problem.message))
    if not 0 < place.line <= len(lines):
        return head + message
    # Tabs would put the caret elsewhere.
    line = _visible(conceal(lines[place.line - 1].replace("\t", " ")))
    return f"{head}{message}\n    {line}\n    {' ' * (place.column - 1)}^"


def _visible(text: str) -> str:
    # A value from a file or the environment must not write lines of its own into a log.
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
