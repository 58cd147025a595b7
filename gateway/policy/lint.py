"""Rules that are surely not meant as they stand, by themselves or beside a live list. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from gateway.config.allow import Allow
from gateway.config.rule import Range, Rule
from gateway.glob import compile_globs

_NAMES = ("tools", "prompts", "resources", "methods")


def lint(rules: Sequence[Rule], roles: Mapping[str, Allow]) -> Iterator[str]:
    """Complaints that need nobody's answer; each begins with the rule's name."""
    if not rules:
        yield "rules: empty, so that nothing can be called"
    for number, rule in enumerate(rules):
        name = _name(rule, number)
        earlier = _shadowing(rule, rules[:number])
        if earlier is not None:
            yield f"{name}: never asked, {_name(rules[earlier], earlier)} covers all of it before"
        if rule.allow == "nobody" and rule.arguments is not None:
            yield f"{name}: forbids some arguments, other spellings pass; allow some instead"
        elif (later := _rest_passes(rule, rules[number + 1 :])) is not None:
            other = _name(rules[number + 1 + later], number + 1 + later)
            yield f"{name}: calls with other arguments pass by {other}; deny them before it"
        for role in sorted(_roles(rule) - set(roles)):
            yield f"{name}: role {role} is not in `roles`; only a token can give it"
        for key, matcher in (rule.arguments or {}).items():
            if matcher.range is not None and _is_empty(matcher.range):
                yield f"{name}: no number is in the range of {key}"


def lint_tools(rules: Sequence[Rule], tools: Sequence[str]) -> Iterator[str]:
    """Complaints from the tools that the server really has."""
    for number, rule in enumerate(rules):
        for pattern in rule.tools or ():
            if not any(map(compile_globs([pattern]), tools)):
                yield f"{_name(rule, number)}: the server has no tool like {pattern}"
    for tool in tools:
        if not any(_may_allow(rule) for rule in _covering(rules, tool)):
            yield f"tool {tool}: nobody may call it"


def _covering(rules: Sequence[Rule], tool: str) -> Iterator[Rule]:
    for rule in rules:
        by_method = rule.methods is None or compile_globs(rule.methods)("tools/call")
        if not by_method or rule.mode == "shadow":
            continue
        named = any(getattr(rule, key) for key in ("tools", "prompts", "resources"))
        if compile_globs(rule.tools)(tool) if rule.tools else not named:
            yield rule
            if not _is_narrowed(rule):
                return


def _is_narrowed(rule: Rule) -> bool:
    return any(each is not None for each in (rule.arguments, rule.cel, rule.annotations))


def _may_allow(rule: Rule) -> bool:
    return rule.allow != "nobody" and rule.allow != Allow()


def _shadowing(rule: Rule, before: Sequence[Rule]) -> int | None:
    for number, earlier in enumerate(before):
        if earlier.mode != "shadow" and not _is_narrowed(earlier) and _covers_all_of(earlier, rule):
            return number
    return None


def _rest_passes(rule: Rule, after: Sequence[Rule]) -> int | None:
    """Which later rule lets the callers of `rule` do what its arguments were to keep them from."""
    if rule.arguments is None and rule.cel is None:
        return None
    number = _shadowing(rule, after)
    if number is None:
        return None
    later = after[number].allow
    is_wider = later == "anonymous" or (later == "any" and rule.allow != "anonymous")
    return number if is_wider or later == rule.allow else None


def _covers_all_of(earlier: Rule, rule: Rule) -> bool:
    if not any(getattr(earlier, key) for key in _NAMES):
        return bool(rule.tools or rule.prompts or rule.resources)
    if earlier.methods is not None and not _includes(earlier.methods, rule.methods):
        return False
    kinds = ("tools", "prompts", "resources")
    if not any(getattr(earlier, key) for key in kinds):
        return True  # its methods cover those of the other, whatever they name
    if not any(getattr(rule, key) for key in kinds):
        return False
    return all(
        _includes(getattr(earlier, key) or (), getattr(rule, key))
        for key in kinds
        if getattr(rule, key)
    )


def _includes(wide: Sequence[str], narrow: Sequence[str] | None) -> bool:
    """Whether each glob of `narrow` means only names that `wide` means too."""
    if narrow is None:
        return False
    # What means one character must not take the other glob's `*` for it.
    simple = [each for each in wide if "?" not in each and "[*]" not in each]
    covers = compile_globs(simple or [""])
    return all(each in wide or covers(each) for each in narrow)


def _roles(rule: Rule) -> set[str]:
    found: set[str] = set()
    waiting = [rule.allow]
    while waiting:
        allow = waiting.pop()
        if isinstance(allow, Allow):
            found |= allow.roles or frozenset()
            waiting += [*(allow.all_of or ()), *(allow.any_of or ())]
    return found


def _is_empty(limits: Range) -> bool:
    return limits.min is not None and limits.max is not None and limits.min > limits.max


def _name(rule: Rule, number: int) -> str:
    return rule.name or f"rules[{number}]"
