"""The file of API keys: hashes, names and rights, never a key. Pure."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import yaml

from gateway.config.reading.nodes import Tree, parse_tree
from gateway.config.section import NAME_PATTERN, SCOPE_PATTERN

Form = Callable[[str], object]
_is_hash: Form = re.compile(r"sha256:[0-9a-f]{64}").fullmatch
_is_scope: Form = re.compile(SCOPE_PATTERN).fullmatch
_is_server: Form = re.compile(NAME_PATTERN).fullmatch
_EXPECTED_TIME = 'expected a time such as "2027-01-01T00:00:00Z"'
_MEMBERS = (
    "hash", "subject", "client_id", "name", "scopes", "groups", "roles", "servers",
    "created", "expires",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ApiKeyEntry:
    """One key: who it speaks for and what it may; empty `servers` means every server.

    Times in Unix seconds, None when not given.
    """

    hash: str
    subject: str
    client_id: str | None = None
    name: str | None = None
    scopes: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    servers: frozenset[str] = frozenset()
    created_at: float | None = None
    expires_at: float | None = None


def _is_text(value: str) -> bool:
    # It goes into headers, logs and terminals.
    return value.isprintable() and value != ""


def parse_keys(text: str) -> Mapping[str, ApiKeyEntry]:
    """Read the file: entries by hash, in its order.

    Raises ValueError that lists every mistake with its place and without what stands there.
    An empty file is a mistake too: no keys are written as `keys: []`.
    """
    tree = parse_tree(text)
    problems = [f"line {each.place.line}: {each.message}" for each in tree.problems]
    document = tree.value
    members = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(members, list) or len(document) != 1:
        raise ValueError("; ".join([*problems, "expected `keys:` with a list, and nothing else"]))
    entries: dict[str, ApiKeyEntry] = {}
    for index, member in enumerate(members):
        reader = _EntryReader(tree, index, member if isinstance(member, dict) else {})
        entry = reader.read()
        if entry.hash in entries:
            reader.complain("hash", "the same as of an entry above")
        entries[entry.hash] = entry
        problems += reader.problems
    if problems:
        raise ValueError("; ".join(problems))
    return entries


def dump_keys(entries: Iterable[ApiKeyEntry]) -> str:
    """Write the file; empty members are left out."""
    document = {"keys": [_dump(each) for each in entries]}
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
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


@dataclass(slots=True)
class _EntryReader:
    """Reads one entry and goes on after a mistake, so that all are found."""

    tree: Tree
    index: int
    members: Mapping[str, object]
    problems: list[str] = field(default_factory=list)

    def read(self) -> ApiKeyEntry:
        for name in self.members:
            if name not in _MEMBERS:
                # Not by its name: somebody may have written a key there.
                self.complain(name, f"unknown, known are {', '.join(_MEMBERS)}", is_named=False)
        return ApiKeyEntry(
            self._required("hash", _is_hash, "expected sha256: and 64 hexadecimal digits"),
            self._required("subject", _is_text, "expected who the key speaks for"),
            self._text("client_id"),
            self._text("name"),
            frozenset(self._texts("scopes", _is_scope)),
            tuple(self._texts("groups")),
            tuple(self._texts("roles")),
            frozenset(self._servers()),
            self._time("created"),
            self._time("expires"),
        )

    def complain(self, name: str, message: str, *, is_named: bool = True) -> None:
        line = self.tree.place(("keys", self.index, name)).line
        subject = f"{name}: " if is_named else ""
        self.problems.append(f"line {line}: key {self.index + 1}: {subject}{message}")

    def _required(self, name: str, form: Form, expected: str) -> str:
        value = self.members.get(name)
        if isinstance(value, str) and form(value):
            return value
        self.complain(name, expected)
        return f"<none {self.index}>"  # like no other, so that it does not count as a repetition

    def _text(self, name: str) -> str | None:
        value = self.members.get(name)
        if isinstance(value, str) and _is_text(value):
            return value
        if name in self.members:
            self.complain(name, "expected text; or leave it out")
        return None

    def _texts(self, name: str, form: Form = _is_text) -> Iterator[str]:
        value = self.members.get(name, [])
        if not isinstance(value, list):
            self.complain(name, "expected a list such as [a, b]; or leave it out")
            return
        for each in value:
            if isinstance(each, str) and form(each):
                yield each
            else:
                self.complain(name, "an entry is not of the right form")

    def _servers(self) -> Iterator[str]:
        # A key whose last server was taken out must not open all of them.
        if self.members.get("servers") == []:
            self.complain("servers", "expected names of servers; or leave it out to mean all")
        return self._texts("servers", _is_server)

    def _time(self, name: str) -> float | None:
        if name not in self.members:
            return None
        # Empty is a mistake: a key that was meant to end must not live on.
        try:
            return parse_time(self.members[name])
        except ValueError as error:
            self.complain(name, str(error))
            return None


class _Dumper(yaml.SafeDumper):
    """Quotes what our reader could take for a number, which YAML 1.1 would not."""


_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9].*", re.DOTALL), list("-+0123456789")
)


def _dump(entry: ApiKeyEntry) -> dict[str, object]:
    members: dict[str, object] = {
        "hash": entry.hash,
        "subject": entry.subject,
        "client_id": entry.client_id,
        "name": entry.name,
        "scopes": sorted(entry.scopes),
        "groups": list(entry.groups),
        "roles": list(entry.roles),
        "servers": sorted(entry.servers),
        "created": None if entry.created_at is None else format_time(entry.created_at),
        "expires": None if entry.expires_at is None else format_time(entry.expires_at),
    }
    return {name: value for name, value in members.items() if value}
