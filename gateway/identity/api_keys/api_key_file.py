"""The file of API keys: hashes, names and rights, never a key. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gateway.config.reading.entry_list import (
    EntryReader,
    Form,
    ListForm,
    dump_entries,
    format_time,
    is_text,
    parse_entries,
)
from gateway.config.section import NAME_PATTERN, SCOPE_PATTERN

_is_hash: Form = re.compile(r"sha256:[0-9a-f]{64}").fullmatch
_is_scope: Form = re.compile(SCOPE_PATTERN).fullmatch
_is_server: Form = re.compile(NAME_PATTERN).fullmatch
_MEMBERS = (
    "hash", "subject", "client_id", "name", "scopes", "groups", "roles", "servers",
    "created", "expires",
)  # fmt: skip
_FORM = ListForm("keys", "key", _MEMBERS)


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


def parse_keys(text: str) -> Mapping[str, ApiKeyEntry]:
    """Read the file: entries by hash, in its order. Raises ValueError as `parse_entries` does."""
    seen: set[str] = set()

    def read(reader: EntryReader) -> ApiKeyEntry:
        entry = _read(reader)
        if entry.hash in seen:
            reader.complain("hash", "the same as of an entry above")
        seen.add(entry.hash)
        return entry

    return {each.hash: each for each in parse_entries(text, _FORM, read)}


def dump_keys(entries: Iterable[ApiKeyEntry]) -> str:
    """Write the file; empty members are left out."""
    return dump_entries(_FORM.heading, map(_dump, entries))


def _read(reader: EntryReader) -> ApiKeyEntry:
    return ApiKeyEntry(
        reader.required("hash", _is_hash, "expected sha256: and 64 hexadecimal digits"),
        reader.required("subject", is_text, "expected who the key speaks for"),
        reader.text("client_id"),
        reader.text("name"),
        frozenset(reader.texts("scopes", _is_scope)),
        tuple(reader.texts("groups")),
        tuple(reader.texts("roles")),
        frozenset(_servers(reader)),
        reader.time("created"),
        reader.time("expires"),
    )


def _servers(reader: EntryReader) -> Iterator[str]:
    # A key whose last server was taken out must not open all of them.
    if reader.members.get("servers") == []:
        reader.complain("servers", "expected names of servers; or leave it out to mean all")
    return reader.texts("servers", _is_server)


def _dump(entry: ApiKeyEntry) -> Mapping[str, object]:
    return {
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
