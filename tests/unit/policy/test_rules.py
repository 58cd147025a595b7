"""Which rule decides, and what is decided where none does."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.rule import Rule
from gateway.identity.principal import Principal
from gateway.policy.decision import ALLOWED, Deny
from gateway.policy.rules import Action, Rules, Ruling, compile_rules
from gateway.policy.who import Vocabulary

ADA = Principal(issuer="https://idp.example", subject="ada")


def rules(text: str, *, shadow: bool = False) -> Rules:
    listed = [Rule.model_validate(each) for each in yaml.safe_load(text)]
    return compile_rules(listed, Vocabulary(), shadow=shadow)


def tool(name: str, **more: object) -> Action:
    return Action("tools/call", "tool", name, **more)  # type: ignore[arg-type]  # test data


def test_the_first_rule_decides_and_is_named() -> None:
    some = rules("[{tools: [a], allow: nobody, name: first}, {tools: ['*'], allow: any}]")

    assert some.decide(ADA, tool("a")) == Ruling(Deny("nobody_allowed"), "first")
    assert some.decide(ADA, tool("b")) == Ruling(ALLOWED, "rules[1]")


def test_methods_narrow_what_is_named() -> None:
    some = rules("[{methods: [resources/read], resources: ['*'], allow: any}]")

    assert some.decide(ADA, Action("resources/read", "resource", "x:y")).decision is ALLOWED
    subscribe = Action("resources/subscribe", "resource", "x:y")
    assert some.decide(ADA, subscribe) == Ruling(Deny("no_rule"))


def test_a_rule_about_everything_does_not_shut_the_door() -> None:
    some = rules("[{allow: nobody}]")

    assert some.decide(ADA, Action("initialize")).decision is ALLOWED
    assert some.decide(ADA, Action("vendor/x")).decision == Deny("nobody_allowed")


def test_a_rule_about_a_method_may_shut_it() -> None:
    some = rules("[{methods: [logging/setLevel], allow: nobody}]")

    assert some.decide(ADA, Action("logging/setLevel")).decision == Deny("nobody_allowed")


def test_an_empty_list_denies() -> None:
    assert rules("[]").decide(ADA, tool("a")) == Ruling(Deny("no_rule"))


def test_a_rule_in_shadow_mode_decides_nothing() -> None:
    some = rules("[{tools: [a], allow: nobody, mode: shadow}, {tools: [a], allow: any}]")

    assert some.decide(ADA, tool("a")) == Ruling(ALLOWED, "rules[1]", would=Deny("nobody_allowed"))


def test_a_server_in_shadow_mode_still_wants_to_know_who_calls() -> None:
    some = rules("[{tools: [a], allow: nobody}]", shadow=True)

    assert some.decide(ADA, tool("a")) == Ruling(ALLOWED, "rules[0]", would=Deny("nobody_allowed"))
    assert some.decide(None, tool("a")).decision == Deny("missing")


def test_a_tool_that_says_nothing_is_taken_for_a_dangerous_one() -> None:
    some = rules("[{tools: ['*'], annotations: {destructiveHint: false}, allow: any}]")

    assert some.decide(ADA, tool("a", annotations={})).decision == Deny("no_rule")
    quiet = tool("a", annotations={"destructiveHint": False})
    assert some.decide(ADA, quiet).decision is ALLOWED
    assert some.decide(ADA, tool("a", annotations=None)).decision == Deny("no_rule")


@pytest.mark.parametrize("name", ["x:a/../b", "x:a%2fb"])
def test_an_ambiguous_resource_is_refused_where_resources_are_told_apart(name: str) -> None:
    action = Action("resources/read", "resource", name)
    narrow = rules("[{resources: ['x:a/*'], allow: nobody}, {resources: ['*'], allow: any}]")

    assert narrow.decide(ADA, action).decision == Deny("ambiguous_name")
    assert rules("[{resources: ['*'], allow: any}]").decide(ADA, action).decision is ALLOWED


def test_only_rules_that_look_at_arguments_ask_for_them() -> None:
    some = rules("[{tools: [a], arguments: {x: 1}, allow: any}, {tools: [b], allow: any}]")

    assert some.covering("tools/call", "tool", "a").reads_arguments
    assert not some.covering("tools/call", "tool", "b").reads_arguments
    assert not some.covering("tools/call", "tool", "a").reads_annotations


@given(name=st.text(max_size=300))
def test_what_is_listed_can_be_called_and_the_other_way_round(name: str) -> None:
    some = rules("[{tools: ['*_x', 'a?'], allow: nobody}, {tools: ['*a*'], allow: any}]")

    assert some.show(ADA, tool(name)) == some.decide(ADA, tool(name)).decision
