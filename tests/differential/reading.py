"""What the gateway decides about a body, and what would be decided about each parser's reading."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from gateway.config.rule import Rule
from gateway.errors import InvalidMessage
from gateway.identity.principal import Principal
from gateway.mcp.arguments import parse_arguments
from gateway.mcp.message import Message, parse_messages
from gateway.policy.decision import Allow
from gateway.policy.rules import Action, compile_rules
from gateway.policy.who import Vocabulary
from gateway.proxy.gate.authorize import actions_of
from tests.differential.parsers import REFUSED, Parsers

ADA = Principal("https://idp.example.com", "ada", scopes=frozenset({"read"}))
RULES = compile_rules(
    TypeAdapter(tuple[Rule, ...]).validate_python(
        [
            {"tools": ["write"], "arguments": {"path": {"glob": "/data/*"}}, "allow": "any"},
            {"tools": ["write", "wipe"], "allow": "nobody"},
            {"tools": ["count"], "arguments": {"n": {"range": {"max": 10}}}, "allow": "any"},
            {"tools": ["read*"], "allow": "any"},
            {"prompts": ["open"], "allow": "any"},
            {"resources": ["file:///pub/*"], "allow": "any"},
        ]
    ),
    Vocabulary(),
)
_NAMING = {
    "tools/call": ("tool", "name"),
    "prompts/get": ("prompt", "name"),
    "resources/read": ("resource", "uri"),
    "resources/subscribe": ("resource", "uri"),
    "resources/unsubscribe": ("resource", "uri"),
}
_REFERENCES = {"ref/prompt": ("prompt", "name"), "ref/resource": ("resource", "uri")}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one message would do, and whether it may."""

    method: str
    name: str
    is_allowed: bool


def gateway_verdicts(body: bytes) -> list[Verdict] | None:
    """Those of the gateway; None when it refuses the body altogether."""
    try:
        messages = parse_messages(body, batch=True)
        return [verdict for message in messages for verdict in _of_message(message)]
    except InvalidMessage:
        return None


def executed_verdicts(read: object) -> list[Verdict]:
    """Those on what a server would do that read this: written without the gateway's reader."""
    messages = read if isinstance(read, list) else [read]
    return [verdict for message in messages for verdict in _of_object(message)]


def check(parsers: Parsers, body: bytes) -> bool:
    """Whether the gateway lets the body be read at all; AssertionError when readings differ."""
    ours = gateway_verdicts(body)
    if ours is None:
        return False
    for parser, read in parsers.read(body).items():
        if read is not REFUSED:
            theirs = executed_verdicts(read)
            assert theirs == ours, f"{parser} reads {theirs}, the gateway {ours}: {body!r}"
    return True


def _of_message(message: Message) -> Iterator[Verdict]:
    for action in actions_of(message):
        place = (action.method, action.target, action.name)
        reads = RULES.covering(*place).reads_arguments
        arguments = parse_arguments(message.arguments) if reads else None
        yield _verdict(Action(*place, arguments))


def _of_object(message: object) -> Iterator[Verdict]:
    if not isinstance(message, dict) or not isinstance(message.get("method"), str):
        return
    method = message["method"]
    params = _object(message.get("params"))
    target, key = _NAMING.get(method, (None, ""))
    if method == "completion/complete":
        params = _object(params.get("ref"))
        target, key = _REFERENCES.get(str(params.get("type")), (None, ""))
    name = params.get(key)
    known = name if isinstance(name, str) and target else ""
    yield _verdict(Action(method, target, known, _object(params.get("arguments"))))  # type: ignore[arg-type]
    if method == "subscriptions/listen":
        asked = _object(params.get("notifications")).get("resourceSubscriptions")
        for uri in asked if isinstance(asked, list) else []:
            yield _verdict(Action("resources/subscribe", "resource", str(uri)))


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _verdict(action: Action) -> Verdict:
    ruling = RULES.decide(ADA, action)
    return Verdict(action.method, action.name, isinstance(ruling.decision, Allow))
