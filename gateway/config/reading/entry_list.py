"""A file that holds one list of entries, such as API keys: read with every mistake, and written."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import yaml

from gateway.config.reading.nodes import Tree, parse_tree

Form = Callable[[str], object]
T = TypeVar("T")
_EXPECTED_TIME = 'expected a time such as "2027-01-01T00:00:00Z"'


def is_text(value: str) -> bool:
    """Whether a value may go into headers, logs and terminals."""
    return value.isprintable() and value != ""


@dataclass(frozen=True, slots=True)
class ListForm:
    """How the file is written: `heading` is its only key, `noun` what messages call an entry."""

    heading: str
    noun: str
    members: Sequence[str]


@dataclass(slots=True)
class EntryReader:
    """Reads one entry and goes on after a mistake, so that all are found."""

    tree: Tree
    form: ListForm
    index: int
    members: Mapping[str, object]
    problems: list[str] = field(default_factory=list)

    def check_names(self) -> None:
        """Complain about every member that nobody knows."""
        for name in self.members:
            if name not in self.form.members:
                known = ", ".join(self.form.members)
                # Not by its name: somebody may have written a secret there.
                self.complain(name, f"unknown, known are {known}", is_named=False)

    def complain(self, name: str, message: str, *, is_named: bool = True) -> None:
        """Note a mistake with its line; the message repeats nothing of the file."""
        line = self.tree.place((self.form.heading, self.index, name)).line
        subject = f"{name}: " if is_named else ""
        self.problems.append(f"line {line}: {self.form.noun} {self.index + 1}: {subject}{message}")

    def required(self, name: str, form: Form, expected: str) -> str:
        """Read what must be there."""
        value = self.members.get(name)
        if isinstance(value, str) and form(value):
            return value
        self.complain(name, expected)
        return f"<none {self.index}>"  # like no other, so that it does not count as a repetition

    def text(self, name: str) -> str | None:
        """Read what may be left out."""
        value = self.members.get(name)
        if isinstance(value, str) and is_text(value):
            return value
        if name in self.members:
            self.complain(name, "expected text; or leave it out")
        return None

    def texts(self, name: str, form: Form = is_text) -> Iterator[str]:
        """Read a list, which may be left out."""
        value = self.members.get(name, [])
        if not isinstance(value, list):
            self.complain(name, "expected a list such as [a, b]; or leave it out")
            return
        for each in value:
            if isinstance(each, str) and form(each):
                yield each
            else:
                self.complain(name, "an entry is not of the right form")

    def flag(self, name: str) -> bool:
        """Read `true` or `false`, which may be left out."""
        value = self.members.get(name, False)
        if isinstance(value, bool):
            return value
        self.complain(name, "expected true or false; or leave it out")
        return False

    def time(self, name: str) -> float | None:
        """Read a time in Unix seconds, which may be left out."""
        if name not in self.members:
            return None
        # Empty is a mistake: what was meant to end must not live on.
        try:
            return parse_time(self.members[name])
        except ValueError as error:
            self.complain(name, str(error))
            return None


def parse_entries(text: str, form: ListForm, read: Callable[[EntryReader], T]) -> Sequence[T]:
    """Read every entry, in the order of the file.

    Raises ValueError that lists every mistake with its place and without what stands there.
    An empty file is a mistake too: no entries are written as an empty list.
    """
    tree = parse_tree(text)
    problems = [f"line {each.place.line}: {each.message}" for each in tree.problems]
    document = tree.value
    members = document.get(form.heading) if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(members, list) or len(document) != 1:
        expected = f"expected `{form.heading}:` with a list, and nothing else"
        raise ValueError("; ".join([*problems, expected]))
    entries: list[T] = []
    for index, member in enumerate(members):
        reader = EntryReader(tree, form, index, member if isinstance(member, dict) else {})
        reader.check_names()
        entries.append(read(reader))
        problems += reader.problems
    if problems:
        raise ValueError("; ".join(problems))
    return entries


def dump_entries(heading: str, entries: Iterable[Mapping[str, object]]) -> str:
    """Write the file; empty members are left out."""
    told = [{name: value for name, value in each.items() if value} for each in entries]
    text: str = yaml.dump({heading: told}, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return text


def parse_time(value: object) -> float:
    """Unix seconds of an ISO 8601 time or day, in UTC unless it says otherwise."""
    if not isinstance(value, str):
        raise ValueError(_EXPECTED_TIME)
    try:
        moment = datetime.fromisoformat(value)
        in_utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError(_EXPECTED_TIME) from None
    return in_utc.timestamp()


def format_time(seconds: float) -> str:
    """ISO 8601 in UTC; parts of a second are dropped."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


class _Dumper(yaml.SafeDumper):
    """Quotes what our reader could take for a number, which YAML 1.1 would not."""


_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9].*", re.DOTALL), list("-+0123456789")
)
