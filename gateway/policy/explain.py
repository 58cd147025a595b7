"""Why an action is allowed or not: every rule that was looked at, and what came of it. Pure."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from gateway.identity.principal import Principal
from gateway.policy.decision import Allow, Decision, Deny, Unknown
from gateway.policy.expression import ExpressionFailed
from gateway.policy.rules import Action, CompiledRule, Rules
from gateway.policy.uri import Ambiguous

_OTHER_NAME = "does not cover this method and name"


@dataclass(frozen=True, slots=True)
class Step:
    """One rule and what it said, in words for an operator. `decides` is True for at most one."""

    rule: str
    said: str
    decides: bool = False


def explain(rules: Rules, principal: Principal | None, action: Action) -> Sequence[Step]:
    """Go through the rules in their order, up to the one that decides."""
    try:
        name = rules.decisive_reading(principal, action)
    except Ambiguous:
        return [Step("resources", describe(Deny("ambiguous_name")), decides=True)]
    steps: list[Step] = []
    for rule in rules.all:
        fits = rule.covers(action.method, action.target, name.text, name.whole)
        unfit = _why_unfit(rule, principal, action) if fits else _OTHER_NAME
        if unfit is not None:
            steps.append(Step(rule.name, unfit))
            continue
        said = _said(rule, principal, action)
        if rule.shadow:
            steps.append(Step(rule.name, f"shadow mode, would say: {said}"))
            continue
        return [*steps, Step(rule.name, said, decides=True)]
    return [*steps, Step("end of the list", describe(rules.default(principal, action)), True)]


def describe(decision: Decision) -> str:
    """A decision in words."""
    if isinstance(decision, Allow):
        return "allowed"
    if isinstance(decision, Unknown):
        return f"not known: {decision.reason}"
    if decision.missing_scopes:
        return f"denied until there is a scope: {' '.join(sorted(decision.missing_scopes))}"
    if decision.reason == "missing":
        return "denied until there is a token"
    return f"denied: {decision.reason}"


def _said(rule: CompiledRule, principal: Principal | None, action: Action) -> str:
    try:
        rule.applies(action, principal)
    except ExpressionFailed as error:
        return f"denied: its expression has no answer: {error}"
    return describe(rule.decide(principal))


def _why_unfit(rule: CompiledRule, principal: Principal | None, action: Action) -> str | None:
    if rule.annotations is not None and not rule.fits_annotations(action):
        return "the server publishes other annotations of this tool, or no such tool"
    if rule.arguments is not None and not rule.arguments(action.arguments or {}):
        return "the arguments do not match"
    with suppress(ExpressionFailed):
        if not rule.applies(action, principal):
            return "the expression is false"
    return None
