"""Arguments of a tool as they are typed: `key=value`, read by the tool's own schema. Pure."""

from collections.abc import Mapping, Sequence

from gateway.strict_json import parse_json

Tool = Mapping[str, object]


def parse_arguments(pairs: Sequence[str], tool: Tool) -> dict[str, object]:
    """Read `key=value` pairs. Raises ValueError, with what to write instead.

    A value is text where the schema takes text, else JSON; text where it is no JSON.
    """
    arguments: dict[str, object] = {}
    for pair in pairs:
        key, sign, text = pair.partition("=")
        if not sign or not key:
            raise ValueError(f"expected key=value, got {pair}")
        if key in arguments:
            raise ValueError(f"{key} is given twice")
        arguments[key] = _value(text, _kinds(_properties(tool).get(key)))
    if missing := [each for each in _required(tool) if each not in arguments]:
        raise ValueError(f"{', '.join(missing)} is missing; the tool takes {signature(tool)}")
    return arguments


def signature(tool: Tool) -> str:
    """The arguments of a tool as they are typed, optional ones in brackets."""
    required = _required(tool)
    words = []
    for key, schema in _properties(tool).items():
        word = f"{key}=<{'|'.join(sorted(_kinds(schema))) or 'value'}>"
        words.append(word if key in required else f"[{word}]")
    return " ".join(words)


def _value(text: str, kinds: frozenset[str]) -> object:
    if "string" in kinds and kinds <= {"string", "null"}:
        return text
    try:
        return parse_json(text.encode())
    except ValueError:
        return text


def _kinds(schema: object) -> frozenset[str]:
    if not isinstance(schema, Mapping):
        return frozenset()
    kind, choices = schema.get("type"), schema.get("anyOf")
    if isinstance(choices, list):
        return frozenset().union(*map(_kinds, choices))
    return frozenset(map(str, kind if isinstance(kind, list) else [kind] if kind else []))


def _properties(tool: Tool) -> Mapping[str, object]:
    schema = tool.get("inputSchema")
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    return properties if isinstance(properties, Mapping) else {}


def _required(tool: Tool) -> Sequence[str]:
    schema = tool.get("inputSchema")
    required = schema.get("required") if isinstance(schema, Mapping) else None
    return [str(each) for each in required] if isinstance(required, list) else []
