"""Rules that cannot mean what they say."""

from collections.abc import Sequence

import pytest
import yaml

from gateway.config.allow import Allow
from gateway.config.rule import Rule
from gateway.policy.lint import lint, lint_tools


def rules(text: str) -> Sequence[Rule]:
    return [Rule.model_validate(each) for each in yaml.safe_load(text)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[]", "rules: empty"),
        ("[{tools: ['*'], allow: any}, {tools: [a], allow: nobody}]", "rules[1]: never asked"),
        ("[{tools: ['a*'], allow: any}, {tools: ['ab*'], allow: any}]", "rules[1]: never asked"),
        ("[{allow: any}, {resources: ['x:*'], allow: any}]", "rules[1]: never asked"),
        (
            "[{methods: [tools/call], allow: any},"
            " {methods: [tools/call], tools: [a], allow: any, name: late}]",
            "late: never asked",
        ),
        ("[{tools: [a], arguments: {x: 1}, allow: nobody}]", "rules[0]: forbids some arguments"),
        (
            "[{tools: [a], arguments: {x: 1}, allow: {scopes: [s]}}, {tools: ['*'], allow: any}]",
            "rules[0]: calls with other arguments pass by rules[1]",
        ),
        (
            "[{tools: [a], cel: 'args.x == 1', allow: any}, {tools: [b], allow: any},"
            " {tools: [a], allow: any, name: last}]",
            "rules[0]: calls with other arguments pass by last",
        ),
        ("[{tools: [a], allow: {any_of: [{roles: [typo]}]}}]", "rules[0]: role typo"),
        ("[{tools: [a], arguments: {x: {range: {min: 2, max: 1}}}, allow: any}]", "no number"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_named(text: str, complaint: str) -> None:
    found = list(lint(rules(text), {"known": Allow()}))

    assert len(found) == 1
    assert complaint in found[0]


@pytest.mark.parametrize(
    "text",
    [
        "[{tools: [a], allow: nobody}, {tools: ['*'], allow: any}]",
        "[{tools: ['*'], arguments: {x: 1}, allow: any}, {tools: [a], allow: any}]",
        "[{tools: [a], arguments: {x: 1}, allow: any}, {tools: [a], allow: nobody},"
        " {tools: ['*'], allow: any}]",
        "[{tools: [a], arguments: {x: 1}, allow: anonymous}, {tools: [a], allow: any}]",
        "[{tools: [a], arguments: {x: 1}, allow: {scopes: [s]}},"
        " {tools: [a], allow: {groups: [g]}}]",
        "[{tools: [a], annotations: {destructiveHint: true}, allow: {roles: [known]}},"
        " {tools: ['*'], allow: any}]",
        "[{tools: ['*'], allow: any, mode: shadow}, {tools: [a], allow: any}]",
        "[{tools: ['a?'], allow: any}, {tools: ['a*'], allow: any}]",
        "[{methods: [resources/read], resources: ['*'], allow: any},"
        " {resources: ['*'], allow: any}]",
        "[{tools: [a], allow: {roles: [known]}}, {prompts: [a], allow: any}]",
    ],
)
def test_rules_that_can_be_meant_are_left_alone(text: str) -> None:
    assert list(lint(rules(text), {"known": Allow()})) == []


def test_the_tools_that_there_are_show_more() -> None:
    some = rules("[{tools: ['get_*', typo], allow: any}, {tools: [locked], allow: nobody}]")

    assert list(lint_tools(some, ["get_a", "locked", "new"])) == [
        "rules[0]: the server has no tool like typo",
        "tool locked: nobody may call it",
        "tool new: nobody may call it",
    ]
