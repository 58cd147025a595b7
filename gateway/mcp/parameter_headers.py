"""Headers that repeat arguments of a call, as the tool's schema asks for them (`x-mcp-header`).

MCP 2026-07-28, Streamable HTTP, Custom Headers from Tool Parameters.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from multidict import CIMultiDictProxy

from gateway.errors import HeaderMismatch
from gateway.mcp.arguments import Arguments
from gateway.mcp.headers import decode_sentinel

PREFIX = "Mcp-Param-"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2
_INTEGER = re.compile(r"-?[0-9]{1,20}(?:\.0+)?")
_PRIMITIVE = frozenset({"string", "integer", "boolean"})
_TYPES = _PRIMITIVE | {"null"}
_MAX_DEPTH = 32


class ParameterHeader(msgspec.Struct, frozen=True, gc=False):
    """One argument that a header repeats: the header's name, and the keys that lead to it."""

    header: str
    path: tuple[str, ...]


def parameter_headers(tool: Mapping[str, object]) -> Sequence[ParameterHeader]:
    """What a published tool wants to be repeated; nothing when its schema is wrong about it.

    Clients leave out a tool whose annotations break the rules, so nobody honest calls it.
    """
    found = [*_annotated(tool.get("inputSchema"), ())]
    headers = tuple(each for each in found if each is not None)
    return headers if _are_distinct(found) else ()


def has_wrong_annotations(tool: Mapping[str, object]) -> bool:
    """Whether a client must leave a tool out, because its schema asks for headers wrongly."""
    return not _are_distinct([*_annotated(tool.get("inputSchema"), ())])


def has_parameter_headers(headers: CIMultiDictProxy[str]) -> bool:
    """Whether any header of a request repeats an argument."""
    prefix = PREFIX.lower()
    return any(name.lower().startswith(prefix) for name in headers)


def check_parameter_headers(
    wanted: Sequence[ParameterHeader], arguments: Arguments, headers: CIMultiDictProxy[str]
) -> None:
    """Compare each header with the argument that it repeats.

    Raises `HeaderMismatch` for one that differs, is missing, or repeats what is not there.
    """
    for each in wanted:
        values = headers.getall(each.header, ())
        value = _value_at(arguments, each.path)
        if value is None and not values:
            continue
        if len(values) != 1 or not _is_same(value, decode_sentinel(values[0])):
            raise HeaderMismatch(f"{each.header} differs from the body.")


def _are_distinct(found: Sequence[ParameterHeader | None]) -> bool:
    names = {each.header.lower() for each in found if each is not None}
    return None not in found and len(names) == len(found)


def _annotated(schema: object, path: tuple[str, ...]) -> Iterator[ParameterHeader | None]:
    """Every annotation that a chain of `properties` leads to; None for one that is wrong."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    if not isinstance(properties, Mapping) or len(path) >= _MAX_DEPTH:
        return
    for key, inner in properties.items():
        here = (*path, str(key))
        if isinstance(inner, Mapping) and "x-mcp-header" in inner:
            name = inner["x-mcp-header"]
            valid = isinstance(name, str) and _TOKEN.fullmatch(name) and _is_primitive(inner)
            yield ParameterHeader(f"{PREFIX}{name}", here) if valid else None
        yield from _annotated(inner, here)


def _is_primitive(schema: Mapping[str, object]) -> bool:
    kinds = schema.get("type")
    given = kinds if isinstance(kinds, list) else [kinds]
    # Null may stand beside a type, and is none by itself.
    names = {kind for kind in given if isinstance(kind, str)}
    return len(names) == len(given) and bool(names & _PRIMITIVE) and names <= _TYPES


def _value_at(arguments: Arguments, path: Sequence[str]) -> object:
    value: object = arguments
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _is_same(value: object, sent: str) -> bool:
    if isinstance(value, bool):
        return sent == ("true" if value else "false")
    if isinstance(value, int | float):
        # Numerically: 42.0 and 42 are equal.
        return bool(_INTEGER.fullmatch(sent)) and int(sent.partition(".")[0]) == value
    return isinstance(value, str) and sent == value
