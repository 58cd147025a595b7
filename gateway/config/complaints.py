"""What the model says about a mistake, in the words of somebody who writes YAML."""

import difflib
from collections.abc import Mapping, Sequence

from pydantic_core import ErrorDetails

from gateway.config.annotations import secret_keys, section_at
from gateway.config.issuer import Issuer
from gateway.config.model import Config
from gateway.config.nodes import Value
from gateway.config.own_tools import PREFIX_PATTERN
from gateway.config.problems import Finding, Path
from gateway.config.section import (
    DOMAIN_PATTERN,
    HEADER_PATTERN,
    NAME_PATTERN,
    SCOPE_PATTERN,
)
from gateway.config.shortform import SHORT_KEYS

_PLAIN = {
    "missing": "this key is needed",
    "model_type": "expected keys below this one",
    "model_attributes_type": "expected keys below this one",
    "dict_type": "expected keys below this one",
    "mapping_type": "expected keys below this one",
    "tuple_type": "expected a list such as [a, b]",
    "frozen_set_type": "expected a list such as [a, b]",
    "string_type": "expected text; quote it if it looks like a number",
    "string_too_short": "expected text that is not empty",
    "too_short": "expected at least one entry",
}
_PATTERNS = {
    NAME_PATTERN: "a name has small letters, digits, - and _, and begins with a letter",
    SCOPE_PATTERN: "a scope has no blanks, quotes or backslashes; write a list for several",
    HEADER_PATTERN: "expected the name of a header",
    DOMAIN_PATTERN: "expected a domain such as example.com",
    PREFIX_PATTERN: "expected a prefix such as cli_: it begins with a letter, then -, _, . too",
}


def complaint(detail: ErrorDetails, document: dict[str, Value]) -> Finding:
    """Turn one of pydantic's errors into a path in the document and what to write instead."""
    path = _path_in(document, detail["loc"], detail["type"] == "missing")
    if detail["type"] == "extra_forbidden":
        return _unknown_key(path)
    known = _PLAIN.get(detail["type"]) or _PATTERNS.get(detail.get("ctx", {}).get("pattern", ""))
    if known is not None:
        return Finding(path, known)
    if detail["type"] == "literal_error" and path[-1:] == ("allow",):
        message = "expected `any`, `anonymous` or who gets in, such as {groups: [engineering]}"
        return Finding(path, message, "any")
    message = detail["msg"].removeprefix("Value error, ")
    return Finding(path, message[:1].lower() + message[1:])


def _path_in(document: Value, location: Sequence[str | int], missing: bool) -> Path:
    # pydantic names the members of a union too; the document does not.
    path: list[str | int] = []
    here = document
    for index, part in enumerate(location):
        if isinstance(here, Mapping) and part in here:
            here = here[part]
        elif isinstance(here, list) and part in range(len(here)):
            here = here[int(part)]
        elif not (missing and index == len(location) - 1):
            continue
        path.append(part)
    return tuple(path)


def _unknown_key(path: Path) -> Finding:
    if path[:1] != ("servers",) and str(path[-1]) in _keys_of(("servers", "any", *path[:-1])):
        place = ".".join(["servers.NAME", *map(str, path)])
        return Finding(path, f"belongs to a server: write it as {place}, in the full form")
    known = _known_keys(path[:-1])
    near = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.7)
    if near:
        return Finding(path, f"unknown key, did you mean '{near[0]}'?", near[0])
    return Finding(path, f"unknown key; known here: {', '.join(sorted(known))}")


def _known_keys(path: Path) -> list[str]:
    section = section_at(Config, path)
    more = SHORT_KEYS if section is Config else ["preset"] if section is Issuer else ()
    return [*_keys_of(path), *more]


def _keys_of(path: Path) -> list[str]:
    section = section_at(Config, path)
    if section is None:
        return []
    return [*section.model_fields, *(f"{key}_file" for key in secret_keys(section))]
