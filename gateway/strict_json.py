"""JSON objects that every parser reads alike: RFC 7515 §4, RFC 7519 §4, RFC 8259."""

import json
import math
from collections.abc import Iterable, Sequence
from typing import NoReturn

# Parsers stop at other depths (System.Text.Json at 64), and nobody says anything that is deeper.
MAX_DEPTH = 64


def parse_json_object(raw: bytes) -> dict[str, object]:
    """Read one JSON object. Raises ValueError for anything else, as `parse_json` does."""
    value = parse_json(raw)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def parse_json(raw: bytes) -> object:
    """Read one JSON value.

    Raises ValueError for what parsers disagree on: duplicate names, NaN, numbers out of range,
    lone surrogates, a byte order mark, nesting deeper than `MAX_DEPTH`.
    """
    try:
        value: object = _DECODER.decode(raw.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    # As few brackets cannot be too deep; most values then need no second look.
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _is_too_deep(value):
        raise ValueError("nested too deeply")
    if b"\\u" in raw:  # only an escape can smuggle a lone surrogate past the UTF-8 decoder
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def _is_too_deep(value: object) -> bool:
    # Level by level: who recurses here would be stopped by the very depth that is looked for.
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _members(outer)]
    return any(isinstance(each, dict | list) for each in level)


def _members(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _distinct(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("duplicate member name")
    return members


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("number out of range")
    return number


def _no_constant(text: str) -> NoReturn:
    raise ValueError("not a JSON number")


# Made once: json.loads with hooks builds a decoder on each call, 3 µs of 9.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_distinct, parse_float=_finite, parse_constant=_no_constant
)
