"""What is wrong with a configuration, shown where it is wrong."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

Path = tuple[str | int, ...]
# What is shown may end in a log.
_KEYED = re.compile(r"(?P<key>[\w.-]+)[\"']?\s*:\s*(?=\S)")
_WORD = re.compile(r"(?P<key>[\w.-]+)[\"']?\s*[:=\s]\s*(?=\S)")
_WELL_FORMED = re.compile(r"\s*(?:#|---|$|(?:- +)*[\"']?[\w.-]+[\"']?\s*:)")
_SECRET_WORDS = ("secret", "password", "passwd", "passphrase", "token")
_NO_SECRET = ("_file", "_url")
# All up to the last `@`: a password may hold any character that somebody forgot to escape.
_URL_USER = re.compile(r"(?<=://)[^\s\"']+(?=@)")
_URL_QUERY = re.compile(
    r"([?&][^=&\s]*(?:key|secret|pass|token)[^=&\s]*=)[^&\s\"']+", re.IGNORECASE
)
_REDACTED = "<redacted>"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in the file; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: its path in the document, what to write instead, and where.

    `hides`: what stands behind the place may be a secret under a name that nobody knows.
    """

    path: Path
    message: str
    place: Place
    suggestion: str | None = None
    hides: bool = False


class Finding(NamedTuple):
    """A problem whose place nobody has looked up yet; `suggestion` replaces the wrong word.

    `about` are the other settings that it follows from; empty: all below `path`. `hides` is that
    of the problem.
    """

    path: Path
    message: str
    suggestion: str | None = None
    about: tuple[Path, ...] = ()
    hides: bool = False


def conceal_url_user(text: str) -> str:
    """Take user name and password, and what a query says of them, out of the URLs of a text."""
    return _URL_QUERY.sub(rf"\1{_REDACTED}", _URL_USER.sub(_REDACTED, text))


def conceal(line: str, *, is_broken: bool = False) -> str:
    """Take the values of secret keys out of a line of the file, also of mistyped ones.

    In a line that is broken any word may be the key, and one without a key is all value.
    """
    if is_broken and not _WELL_FORMED.match(line):
        return _REDACTED
    for match in (_WORD if is_broken else _KEYED).finditer(line):
        if is_like_secret(match["key"]):
            return conceal_url_user(line[: match.end()]) + _REDACTED
    return conceal_url_user(line)


def is_like_secret(key: str) -> bool:
    """Whether a key names a secret, or looks as if it was meant to."""
    plain = key.lower().replace("-", "_").strip("_.")
    if plain.endswith(_NO_SECRET):
        return False
    last = re.split(r"[_.]", plain)[-1]
    is_meant = bool(difflib.get_close_matches(last, _SECRET_WORDS, n=1, cutoff=0.75))
    return is_meant or plain.endswith(("key", *_SECRET_WORDS))


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
    line = _visible(_shown(problem, lines[place.line - 1].replace("\t", " ")))
    return f"{head}{message}\n    {line}\n    {' ' * (place.column - 1)}^"


def _shown(problem: Problem, line: str) -> str:
    # A problem of the whole document is one of its syntax.
    concealed = conceal(line, is_broken=not problem.path)
    if not problem.hides:
        return concealed
    before, behind = line[: problem.place.column - 1], line[problem.place.column - 1 :]
    key, colon, value = behind.partition(":")
    return conceal(before) + key + colon + (f" {_REDACTED}" if value.strip() else "")


def _visible(text: str) -> str:
    # A value from a file or the environment must not write lines of its own into a log.
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )
