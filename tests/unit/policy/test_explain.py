"""What each rule said, in words, and that it is what the rules decide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.principal import Principal
from gateway.policy.decision import ALLOWED, Decision, Deny, Unknown
from gateway.policy.explain import describe, explain
from gateway.policy.rules import Action
from tests.unit.policy.test_rules import ADA, rules, tool

TEXT = """
- {tools: [a], arguments: {path: /srv}, allow: any, name: arguments}
- {tools: [a], cel: 'args.n > 1', allow: any, name: expression}
- {tools: [a], annotations: {readOnlyHint: true}, allow: any, name: annotations}
- {tools: [a], allow: nobody, mode: shadow, name: trial}
- {tools: [a, b], allow: {scopes: [write]}, name: scoped}
- {resources: ['x:a/*'], allow: any}
"""


def said(action: Action, principal: Principal | None = ADA) -> dict[str, str]:
    return {step.rule: step.said for step in explain(rules(TEXT), principal, action)}


def test_each_rule_says_why_it_did_not_fit_up_to_the_one_that_decides() -> None:
    steps = said(tool("a", arguments={"path": "/etc", "n": 1}, annotations={}))

    assert list(steps) == ["arguments", "expression", "annotations", "trial", "scoped"]
    assert steps["arguments"] == "the arguments do not match"
    assert steps["expression"] == "the expression is false"
    assert "other annotations" in steps["annotations"]
    assert steps["trial"] == "shadow mode, would say: denied: nobody_allowed"
    assert steps["scoped"] == "denied until there is a scope: write"


def test_an_expression_without_an_answer_denies_and_says_why() -> None:
    steps = said(tool("a", arguments={"path": "/etc"}))

    assert steps["expression"].startswith("denied: its expression has no answer")


def test_what_no_rule_covers_is_decided_at_the_end_of_the_list() -> None:
    steps = said(tool("other"))

    assert steps["end of the list"] == "denied: no_rule"
    assert set(steps.values()) == {"does not cover this method and name", "denied: no_rule"}


def test_a_name_that_can_be_read_in_two_ways_is_decided_before_any_rule() -> None:
    assert said(Action("resources/read", "resource", "x:a/../b")) == {
        "resources": "denied: ambiguous_name"
    }


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (ALLOWED, "allowed"),
        (Deny("missing"), "denied until there is a token"),
        (Deny("nobody_allowed"), "denied: nobody_allowed"),
        (Deny("scope_missing", frozenset({"b", "a"})), "denied until there is a scope: a b"),
        (Unknown("groups_unknown"), "not known: groups_unknown"),
    ],
)
def test_a_decision_has_its_words(decision: Decision, words: str) -> None:
    assert describe(decision) == words


@given(
    name=st.sampled_from(["a", "b", "c"]),
    path=st.sampled_from(["/srv", "/etc"]),
    number=st.integers(0, 3),
    known=st.booleans(),
)
def test_what_is_told_is_what_is_decided(name: str, path: str, number: int, *, known: bool) -> None:
    some, who = rules(TEXT), ADA if known else None
    action = tool(name, arguments={"path": path, "n": number})

    deciding = [step for step in explain(some, who, action) if step.decides]

    assert [step.said for step in deciding] == [describe(some.decide(who, action).decision)]
