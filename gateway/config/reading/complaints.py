"""What the model says about a mistake, in the words of somebody who writes YAML."""

import difflib
import json
from collections.abc import Mapping, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gateway.config.annotations import secret_keys, section_at
from gateway.config.issuer import Issuer
from gateway.config.login.provider import LoginProvider
from gateway.config.model import Config
from gateway.config.own_tools import PREFIX_PATTERN
from gateway.config.reading.nodes import Value
from gateway.config.reading.problems import Finding, Path, is_like_secret
from gateway.config.reading.shortform import SHORT_KEYS
from gateway.config.scalars import show_seconds
from gateway.config.section import (
    HEADER_PATTERN,
    NAME_PATTERN,
    SCOPE_PATTERN,
)

_KEYS = "expected keys below this one"
_LIST = "expected a list such as [a, b]"
_NUMBER = "expected a whole number"
_PLAIN = {
    "missing": "this key is needed",
    "dict_type": _KEYS,
    "mapping_type": _KEYS,
    "tuple_type": _LIST,
    "frozen_set_type": _LIST,
    "string_type": "expected text; quote it if it looks like a number",
    "string_too_short": "expected text that is not empty",
    "too_short": "expected at least one entry",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "int_type": _NUMBER,
    "int_parsing": _NUMBER,
    "int_parsing_size": _NUMBER,
    "int_from_float": _NUMBER,
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "finite_number": "expected a number",
    "path_type": "expected the path of a file",
    "invalid_key": "expected text as a key",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}
_SECTION = frozenset({"model_type", "model_attributes_type"})
_PATTERNS = {
    NAME_PATTERN: "a name has small letters, digits, - and _, and begins with a letter",
    SCOPE_PATTERN: "a scope has no blanks, quotes or backslashes; write a list for several",
    HEADER_PATTERN: "expected the name of a header",
    PREFIX_PATTERN: "expected a prefix such as cli_: it begins with a letter, then -, _, . too",
}


def complaint(detail: ErrorDetails, document: dict[str, Value]) -> Finding:
    """Turn one of pydantic's errors into a path in the document and what to write instead."""
    path = _path_in(document, detail["loc"], detail["type"] == "missing")
    if detail["type"] == "extra_forbidden":
        return unknown_key(path)
    known = _PLAIN.get(detail["type"]) or _PATTERNS.get(detail.get("ctx", {}).get("pattern", ""))
    if known is not None:
        return Finding(path, known)
    if detail["type"] in _SECTION:
        return Finding(path, _expected_keys(path, detail["input"]))
    if detail["type"] in _BOUNDS:
        return Finding(path, _expected_bound(detail, _value_at(document, path)))
    if detail["type"] == "literal_error":
        return _expected_word(path, detail)
    message = detail["msg"].removeprefix("Value error, ")
    # What pydantic says of its own accord speaks of Python's types.
    own = detail["type"] == "value_error"
    return Finding(path, _within_sentence(message) if own else "this value does not fit")


def _within_sentence(message: str) -> str:
    # A name in capitals, such as CEL, stays one.
    return message if message[1:2].isupper() else message[:1].lower() + message[1:]


def _expected_keys(path: Path, value: object) -> str:
    section = section_at(Config, path)
    keys = known_keys(path)
    if section is None or isinstance(value, list) or value is None:
        return f"{_KEYS}: {', '.join(sorted(keys))}" if keys else _KEYS
    for key in section.model_fields:
        try:
            section.model_validate({key: value})
        except ValidationError:
            continue
        return f"{_KEYS}; write {{{key}: {json.dumps(value)}}}"
    return f"{_KEYS}: {', '.join(sorted(keys))}"


def _expected_bound(detail: ErrorDetails, written: Value) -> str:
    name, words = _BOUNDS[detail["type"]]
    limit = detail.get("ctx", {}).get(name, 0)
    # A number that is not in the file as one was a duration there.
    shown = show_seconds(limit) if isinstance(written, str) else f"{limit:g}"
    return f"expected {words} {shown}, got {written}"


def _expected_word(path: Path, detail: ErrorDetails) -> Finding:
    if path[-1:] == ("allow",):
        message = "expected `any`, `anonymous` or who gets in, such as {groups: [engineering]}"
        return Finding(path, message, "any")
    expected = str(detail.get("ctx", {}).get("expected", "")).replace("'", "")
    near = difflib.get_close_matches(
        str(detail["input"]), expected.replace(" or ", ", ").split(", "), n=1
    )
    return Finding(path, f"expected {expected}, got {detail['input']}", near[0] if near else None)


def _value_at(document: Value, path: Path) -> Value:
    here = document
    for part in path:
        if isinstance(here, Mapping):
            here = here.get(str(part))
        elif isinstance(here, list) and isinstance(part, int):
            here = here[part]
    return here


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


def unknown_key(path: Path) -> Finding:
    """Say what was meant by a key that is not known; `suggestion` is the known one."""
    if path[:1] != ("servers",) and str(path[-1]) in _keys_of(("servers", "any", *path[:-1])):
        place = ".".join(["servers.NAME", *map(str, path)])
        return Finding(path, f"belongs to a server: write it as {place}, in the full form")
    known = known_keys(path[:-1])
    near = difflib.get_close_matches(str(path[-1]), known, n=1, cutoff=0.7)
    if near:
        hides = is_like_secret(near[0])
        return Finding(path, f"unknown key, did you mean '{near[0]}'?", near[0], hides=hides)
    # Whatever it was meant to be, it may have been a secret.
    return Finding(path, f"unknown key; known here: {', '.join(sorted(known))}", hides=True)


def known_keys(path: Path) -> list[str]:
    """The keys that the section at `path` may have."""
    section = section_at(Config, path)
    more = (
        SHORT_KEYS
        if section is Config
        else ["preset"]
        if section in (Issuer, LoginProvider)
        else ()
    )
    return [*_keys_of(path), *more]


def _keys_of(path: Path) -> list[str]:
    section = section_at(Config, path)
    if section is None:
        return []
    return [*section.model_fields, *(f"{key}_file" for key in secret_keys(section))]
