"""The rules of a server, compiled once: the first that covers an operation decides. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from gateway.config.rule import Rule
from gateway.glob import compile_globs
from gateway.identity.principal import Principal
from gateway.mcp.arguments import Arguments
from gateway.mcp.message import Target
from gateway.policy.decision import ALLOWED, Allow, Decision, Deny, Unknown, all_hold, any_holds
from gateway.policy.expression import Expression, ExpressionFailed
from gateway.policy.matching import compile_arguments
from gateway.policy.uri import (
    Ambiguous,
    Reading,
    names_query,
    parse_pattern,
    parse_template,
    parse_uri,
)
from gateway.policy.who import Condition, Vocabulary

Annotations = Mapping[str, bool]
# What a tool is that does not say what it is: MCP, Tools, ToolAnnotations.
HINTS: Annotations = {
    "readOnlyHint": False,
    "destructiveHint": True,
    "idempotentHint": False,
    "openWorldHint": True,
}
# Without these nobody can talk to a server at all; lists are filtered entry by entry.
PLUMBING = frozenset(
    {
        "initialize",
        "ping",
        "server/discover",
        "logging/setLevel",
        "tools/list",
        "prompts/list",
        "resources/list",
        "resources/templates/list",
        "subscriptions/listen",
    }
)
# Method, what it is about, one reading of the name, and the whole name (the same for tools).
Covers = Callable[[str, Target | None, str, str], bool]
_REMEMBERED = 4096
_MAX_REMEMBERED_CHARS = 256


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """One rule. `covers` looks at method and name; see `Covers`.

    `arguments`, `expression` and `annotations` narrow it.
    """

    name: str
    covers: Covers
    who: Condition
    public: bool = False
    narrows_resources: bool = False
    arguments: Callable[[Arguments], bool] | None = None
    expression: Expression | None = None
    annotations: Annotations | None = None
    shadow: bool = False
    contact: str | None = None

    @property
    def reads_arguments(self) -> bool:
        """Whether it depends on the arguments of a call."""
        return self.arguments is not None or self.expression is not None

    def applies(self, action: "Action", principal: Principal | None) -> bool:
        """Whether the rule, which covers the method and the name, covers the rest too.

        Raises `ExpressionFailed` when its expression has no answer.
        """
        if not self.fits_annotations(action):
            return False
        arguments = action.arguments or {}
        if self.arguments is not None and not self.arguments(arguments):
            return False
        if self.expression is None:
            return True
        return self.expression.holds(arguments, action.name, principal)

    def fits_annotations(self, action: "Action") -> bool:
        """Whether the tool is published as the rule wants it."""
        if self.annotations is None:
            return True
        if action.annotations is None:  # no such tool: nothing is published about it
            return False
        known = {**HINTS, **action.annotations}
        return all(known[hint] is wanted for hint, wanted in self.annotations.items())

    def decide(self, principal: Principal | None) -> Decision:
        """What the rule says about the caller."""
        if self.public:
            return ALLOWED
        return Deny("missing") if principal is None else self.who(principal)


class Action(msgspec.Struct, frozen=True, gc=False):  # a frozen dataclass costs 1 µs more
    """What is to be decided about. `annotations` are the tool's, None when it publishes none."""

    method: str
    target: Target | None = None
    name: str = ""
    arguments: Arguments | None = None
    annotations: Annotations | None = None


class Coverage(msgspec.Struct, frozen=True):
    """The rules that may decide about an operation, in their order, and what they look at."""

    rules: Sequence[CompiledRule]
    reads_arguments: bool
    reads_annotations: bool


_NOTHING = Coverage((), reads_arguments=False, reads_annotations=False)


class Ruling(msgspec.Struct, frozen=True):
    """A decision, and the `rule` that made it; None where none covers the operation.

    `would` is what a rule in shadow mode would have decided against the caller.
    """

    decision: Decision
    rule: str | None = None
    contact: str | None = None
    would: Deny | Unknown | None = None


class Rules:
    """The rules of one server; with `shadow` none of them is followed, and denials only told."""

    def __init__(self, rules: Sequence[CompiledRule], *, shadow: bool = False) -> None:
        self.all = tuple(rules)
        self.shadow = shadow
        self._guards_resources = any(rule.narrows_resources for rule in rules)
        self._covering = lru_cache(_REMEMBERED)(self._find)

    def covering(self, method: str, target: Target | None, name: str) -> Coverage:
        """The rules that may decide about such an operation.

        Of a resource, those of the whole URI; what they look at is of all its readings.
        """
        if target != "resource" or not self._guards_resources:
            return self._covered(method, target, name, name)
        try:
            readings = parse_resource(method, name)
        except Ambiguous:
            return _NOTHING
        found = [self._covered(method, target, each.text, each.whole) for each in readings]
        return Coverage(
            found[0].rules,
            any(each.reads_arguments for each in found),
            any(each.reads_annotations for each in found),
        )

    def decide(self, principal: Principal | None, action: Action) -> Ruling:
        """Let the first rule that covers the operation decide; none denies.

        Without a principal only what is open to everybody is allowed, and `missing` the reason.
        """
        ruling = self._decide(principal, action)
        if not self.shadow or principal is None or isinstance(ruling.decision, Allow):
            return ruling
        return Ruling(ALLOWED, ruling.rule, would=ruling.decision)

    def show(self, principal: Principal | None, action: Action) -> Decision:
        """Tell whether an entry of a list can be called with some arguments.

        A rule that looks at arguments may or may not cover the call that is to come.
        """
        if self.shadow and principal is not None:
            return ALLOWED
        if action.target != "resource" or not self._guards_resources:
            return self._show(principal, action, action.name, action.name)
        try:
            readings = parse_resource(action.method, action.name)
        except Ambiguous:
            return Deny("ambiguous_name")
        return all_hold(
            self._show(principal, action, each.text, each.whole)
            for each in readings
            if each.sure or self._covered(action.method, action.target, each.text, each.whole).rules
        )

    def decisive_reading(self, principal: Principal | None, action: Action) -> Reading:
        """The reading of the operation's name that the decision is about. Raises `Ambiguous`."""
        return self._decisive(principal, action)[0]

    def _decide(self, principal: Principal | None, action: Action) -> Ruling:
        if action.target != "resource" or not self._guards_resources:
            return self._rule_on(principal, action, action.name, action.name)
        try:
            return self._decisive(principal, action)[1]
        except Ambiguous:
            return Ruling(Deny("ambiguous_name"))

    def _decisive(self, principal: Principal | None, action: Action) -> tuple[Reading, Ruling]:
        """The first reading that is not allowed, or the whole one."""
        if action.target != "resource" or not self._guards_resources:
            name = Reading(action.name, action.name)
            return name, self._rule_on(principal, action, name.text, name.whole)
        rulings = [
            (each, self._rule_on(principal, action, each.text, each.whole))
            for each in parse_resource(action.method, action.name)
        ]
        for reading, ruling in rulings:
            if isinstance(ruling.decision, Allow):
                continue
            if reading.sure or ruling.rule is not None:
                return reading, ruling
        return rulings[0]

    def _rule_on(
        self, principal: Principal | None, action: Action, text: str, whole: str
    ) -> Ruling:
        would: Deny | Unknown | None = None
        for rule in self._covered(action.method, action.target, text, whole).rules:
            decision = _decision_of(rule, principal, action)
            if decision is None:
                continue
            if not rule.shadow:
                return Ruling(decision, rule.name, rule.contact, would)
            if not isinstance(decision, Allow):
                would = would or decision
        return Ruling(self.default(principal, action), would=would)

    def _show(self, principal: Principal | None, action: Action, text: str, whole: str) -> Decision:
        possible: list[Decision] = []
        for rule in self._covered(action.method, action.target, text, whole).rules:
            if rule.shadow or not rule.fits_annotations(action):
                continue
            possible.append(rule.decide(principal))
            if not rule.reads_arguments:
                return any_holds(possible)
        return any_holds([*possible, self.default(principal, action)])

    def default(self, principal: Principal | None, action: Action) -> Decision:
        """The decision where no rule covers the operation."""
        if _is_plumbing(action.method):
            return ALLOWED
        return Deny("missing" if principal is None else "no_rule")

    def _covered(self, method: str, target: Target | None, text: str, whole: str) -> Coverage:
        if len(whole) > _MAX_REMEMBERED_CHARS:
            return self._find(method, target, text, whole)
        return self._covering(method, target, text, whole)

    def _find(self, method: str, target: Target | None, text: str, whole: str) -> Coverage:
        rules = tuple(self._until_decided(method, target, text, whole))
        return Coverage(
            rules,
            any(rule.reads_arguments for rule in rules),
            any(rule.annotations for rule in rules),
        )

    def _until_decided(
        self, method: str, target: Target | None, text: str, whole: str
    ) -> Iterator[CompiledRule]:
        for rule in self.all:
            if rule.covers(method, target, text, whole):
                yield rule
                if not (rule.reads_arguments or rule.annotations or rule.shadow):
                    return


def parse_resource(method: str, name: str) -> Sequence[Reading]:
    """What the name of a resource may be read as. Raises `Ambiguous`.

    What is completed is a template as a rule: MCP, Completion.
    """
    return parse_uri(parse_template(name) if method == "completion/complete" else name)


def compile_rules(rules: Sequence[Rule], words: Vocabulary, *, shadow: bool = False) -> Rules:
    """Compile the rules of one server; with `shadow` none of them is followed."""
    compiled = [_compile(rule, number, words) for number, rule in enumerate(rules)]
    return Rules(compiled, shadow=shadow)


def _compile(rule: Rule, number: int, words: Vocabulary) -> CompiledRule:
    return CompiledRule(
        name=rule.name or f"rules[{number}]",
        covers=_covers(rule),
        who=words.compile(rule.allow),
        public=rule.allow == "anonymous",
        arguments=compile_arguments(rule.arguments) if rule.arguments else None,
        expression=None if rule.cel is None else Expression(rule.cel),
        narrows_resources=bool(rule.resources) and rule.resources != ("*",),
        annotations={str(hint): on for hint, on in (rule.annotations or {}).items()} or None,
        shadow=rule.mode == "shadow",
        contact=rule.contact,
    )


def _decision_of(
    rule: CompiledRule, principal: Principal | None, action: Action
) -> Decision | None:
    """What a rule says, None when it does not cover the action after all."""
    try:
        return rule.decide(principal) if rule.applies(action, principal) else None
    except ExpressionFailed:
        # The rule may be the one that was to allow it, or the one that was to forbid it.
        return Deny("missing" if principal is None else "expression_failed")


def _covers(rule: Rule) -> Covers:
    methods = compile_globs(rule.methods) if rule.methods else None
    named: dict[Target, Callable[[str, str], bool]] = {}
    if rule.tools:
        named["tool"] = _names(rule.tools)
    if rule.prompts:
        named["prompt"] = _names(rule.prompts)
    if rule.resources:
        named["resource"] = _uris(rule.resources)

    def covers(method: str, target: Target | None, text: str, whole: str) -> bool:
        if methods is not None and not methods(method):
            return False
        if not named:
            # A rule about everything is about what is used, not about being there at all.
            return methods is not None or not _is_plumbing(method)
        return target in named and named[target](text, whole)

    return covers


def _names(globs: Sequence[str]) -> Callable[[str, str], bool]:
    matches = compile_globs(globs)
    return lambda text, whole: matches(text)


def _uris(globs: Sequence[str]) -> Callable[[str, str], bool]:
    normal = [each for glob in globs for each in parse_pattern(glob)]
    matches = compile_globs(normal)
    asking = [each for each in normal if names_query(each)]
    if not asking:
        return lambda text, whole: matches(text)
    # Who writes a query into a rule means it to be read by the server.
    matches_whole = compile_globs(asking)
    return lambda text, whole: matches(text) or matches_whole(whole)


def _is_plumbing(method: str) -> bool:
    return method in PLUMBING or method.startswith("notifications/")
