"""Texts that cost the most to look at, made to any length, and everything that looks at them."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from gateway.config.model import ServerLimits
from gateway.config.rule import Matcher, Rule
from gateway.errors import GatewayError
from gateway.identity.token.caller_rules import compile_condition
from gateway.mcp.arguments import parse_arguments
from gateway.mcp.headers import decode_sentinel
from gateway.mcp.message import Message, parse_messages
from gateway.oauth.bearer import has_query_token, parse_authorization
from gateway.oauth.resource import is_ambiguous_path
from gateway.policy.matching import compile_arguments
from gateway.policy.rules import compile_rules
from gateway.policy.who import Vocabulary
from gateway.proxy.limits.limits import CallerLimits
from gateway.strict_json import parse_json_object

Look = Callable[[str], object]
# Parts that stand between the stars of a pattern: plain, self-similar, with a hole, long.
PARTS = ("a", "_public_", "aab", "a?a", "?a", "ab" * 15 + "?")
# Texts are made of these, over and over: nearly what the parts want, or just that.
GRAINS = ("a", "ab", "aa_", "_public_", "ab" * 15, "\u00e9a")


@dataclass(frozen=True, slots=True)
class Cost:
    """Something that looks at a text, and the text that is worst for it, by its length."""

    name: str
    look: Look
    text: Callable[[int], str]


def patterns() -> Iterator[str]:
    """Globs with one to four stars, of one part or of two in turn, and an end that is not there."""
    for stars in range(1, 5):
        for first, second in itertools.combinations_with_replacement(PARTS, 2):
            parts = itertools.islice(itertools.cycle((first, second)), stars)
            glob = "*" + "*".join(parts)
            yield from (glob, f"{glob}*{second}!", f"{glob}*{second}!*", f"{first}{glob}!*")


def texts() -> Mapping[str, Callable[[int], str]]:
    """What callers may send: each grain repeated, with an end that disappoints."""
    return {f"{grain}{end}": _repeated(grain, end) for grain in GRAINS for end in ("", "b", "?!")}


def _rule(key: str, pattern: str) -> Look:
    rules = compile_rules([Rule.model_validate({key: [pattern], "allow": "any"})], Vocabulary())
    method, target = {
        "tools": ("tools/call", "tool"),
        "prompts": ("prompts/get", "prompt"),
        "resources": ("resources/read", "resource"),
    }[key]
    return lambda text: rules.covering(method, target, text)  # type: ignore[arg-type]  # a Target


def _method(pattern: str) -> Look:
    rules = compile_rules([Rule(methods=(pattern,), allow="any")], Vocabulary())
    return lambda text: rules.covering(text, None, "")


def _argument(pattern: str) -> Look:
    match = compile_arguments({"x": Matcher(glob=pattern)})
    return lambda text: match({"x": text})


def _per_tool(pattern: str) -> Look:
    limits = CallerLimits(ServerLimits.model_validate({"per_tool": {pattern: "1/s"}}), 1000)

    def take(text: str) -> None:
        message = Message("request", "tools/call", 1, text, target="tool")
        taking = limits.spend(None, "192.0.2.1", None, [message])
        try:
            taking.send(None)  # without shared limits nothing is waited for
        except (StopIteration, GatewayError):
            return

    return take


def _claims(pattern: str) -> Look:
    fits = compile_condition({"sub": [pattern]})
    return lambda text: fits({"sub": text})


# Every place where an operator writes patterns of what callers send.
PLACES: Mapping[str, Callable[[str], Look]] = {
    "tools": lambda pattern: _rule("tools", pattern),
    "prompts": lambda pattern: _rule("prompts", pattern),
    "resources": lambda pattern: _rule("resources", pattern),
    "methods": _method,
    "arguments": _argument,
    "per_tool": _per_tool,
    "claims": _claims,
}


def _refusing(look: Look) -> Look:
    def quietly(text: str) -> object:
        try:
            return look(text)
        except (GatewayError, ValueError) as refused:
            return refused

    return quietly


def _message(make: Callable[[str], object]) -> Look:
    return lambda text: parse_messages(
        json.dumps(make(text), ensure_ascii=False).encode(), batch=True
    )


def _request(**params: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


def _keys(text: str, size: int = 100) -> dict[str, int]:
    return {f"{text[at : at + size]}{at}": 1 for at in range(0, len(text), size)}


def _repeated(grain: str, end: str = "") -> Callable[[int], str]:
    # Never cut: whether a text ends within a grain decides what it costs.
    return lambda size: grain * (size // len(grain)) + end


def _arguments(text: str) -> object:
    (message,) = parse_messages(
        json.dumps(_request(name="a", arguments=text)).encode(), batch=False
    )
    return parse_arguments(message.arguments)


PARSERS = [
    *(
        Cost(f"query {grain}", has_query_token, _repeated(grain))
        for grain in ("%&", "&", "&+", "&%20", "&access_toke", "&%61ccess_toke", "%61", "a")
    ),
    *(
        Cost(f"authorization {grain}", lambda text: parse_authorization([text]), _repeated(grain))
        for grain in (", ", ",", "Basic ,", " bearer")
    ),
    *(
        Cost(f"one key {name}", _message(lambda text: _request(**{text: 1})), _repeated(grain))
        for name, grain in (
            ("of marks", "\u0323\u0301"),
            ("that grows", "\ufdfa"),
            ("unseen", "\u200b"),
            ("of blanks", " "),
            ("plain", "a"),
        )
    ),
    *(
        Cost(f"keys {name}", _message(lambda text: _request(**_keys(text))), _repeated(grain))
        for name, grain in (
            ("of marks", "\u0323\u0301"),
            ("that grow", "\ufdfa"),
            ("unseen", "\u200b"),
            ("nearly one", "\u200bn\u0301a\u200bm"),
        )
    ),
    Cost("batch", _message(lambda text: [_request(name="a")] * (len(text) // 90)), _repeated("a")),
    Cost("long method", _message(lambda text: {**_request(), "method": text}), _repeated("a")),
    Cost("long name", _message(lambda text: _request(name=text)), _repeated("_public_")),
    Cost("escaped text", _message(lambda text: _request(name=[text])), _repeated('\\"')),
    Cost("deep", lambda text: parse_messages(text.encode(), batch=True), _repeated("[")),
    Cost("deep arguments", _arguments, _repeated("a")),
    Cost("claims", lambda text: parse_json_object(b'{"a":' + text.encode()), _repeated("[")),
    Cost("path", is_ambiguous_path, _repeated("/%61.")),
    Cost("sentinel", decode_sentinel, _repeated("=?base64?")),
]
COSTS = [Cost(each.name, _refusing(each.look), each.text) for each in PARSERS]
