"""Rules from what was called."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.rule import Rule
from gateway.identity.principal import Principal
from gateway.policy.decision import ALLOWED, Deny
from gateway.policy.rules import Action, compile_rules
from gateway.policy.suggest import MAX_SUBJECTS, suggest_rules
from gateway.policy.who import Vocabulary
from tests.unit.config.samples import FULL, review


def event(subject: str | None, name: str, **more: object) -> dict[str, object]:
    call = {"mcp_method": "tools/call", "status": 200, "decision": "allow"}
    return call | {"subject": subject, "name": name} | more


def test_names_that_the_same_callers_used_share_a_rule() -> None:
    events = [event("ada", "b"), event("ada", "a"), event("bob", "c"), event("ada", "c")]

    assert suggest_rules(events) == [
        {"tools": ["a", "b"], "allow": {"subjects": ["ada"]}},
        {"tools": ["c"], "allow": {"subjects": ["ada", "bob"]}},
    ]


def test_what_was_refused_or_failed_counts_nothing() -> None:
    events: list[dict[str, object]] = [
        event("eve", "a", decision="deny", status=403),
        event("ada", "a", status=502),
        event("ada", "a", result="jsonrpc_error"),
        event(None, "a"),
        event("ada", "x", mcp_method="tools/list"),
        {"event": "session_start"},
        event("ada", "cli_whoami", rule="tools.gateway"),
    ]

    assert suggest_rules(events) == []


def test_very_many_callers_are_everybody() -> None:
    crowd = [event(f"u{number}", "a") for number in range(MAX_SUBJECTS + 1)]

    assert suggest_rules(crowd) == [{"tools": ["a"], "allow": "any"}]


def test_resources_and_prompts_are_kept_apart() -> None:
    events = [
        event("ada", "x:y", mcp_method="resources/read"),
        event("ada", "p", mcp_method="prompts/get"),
    ]

    assert suggest_rules(events) == [
        {"prompts": ["p"], "allow": {"subjects": ["ada"]}},
        {"resources": ["x:y"], "allow": {"subjects": ["ada"]}},
    ]


@pytest.mark.requirement("A19")
def test_a_subject_is_suggested_with_its_issuer() -> None:
    corp, partner = "https://idp.example", "https://login.partner.example"
    events = [event("ada", "a", issuer=corp), event("ada", "b", issuer=partner)]
    events += [event("bob", "b", issuer=corp), event("${env:SECRET}", "c", issuer=corp)]

    assert suggest_rules(events) == [
        {"tools": ["a"], "allow": {"subjects": ["ada"], "issuers": [corp]}},
        {
            "tools": ["b"],
            "allow": {
                "any_of": [
                    {"subjects": ["bob"], "issuers": [corp]},
                    {"subjects": ["ada"], "issuers": [partner]},
                ]
            },
        },
        {"tools": ["c"], "allow": {"subjects": ["$${env:SECRET}"], "issuers": [corp]}},
    ]


@pytest.mark.requirement("A19")
@pytest.mark.parametrize(
    "name", ["*", "g?t_x", "${env:PATH}", "${file:/etc/passwd}", "$${x}", "[*]"]
)
def test_a_suggested_name_means_itself_in_the_file(name: str) -> None:
    document = yaml.safe_load(FULL)
    document["servers"]["mcp"]["rules"] = suggest_rules([event("ada", name)])

    config = review(yaml.safe_dump(document)).config

    assert config is not None
    rules = compile_rules(config.servers["mcp"].rules or (), Vocabulary())
    ada = Principal("https://idp.example.com", "ada")
    assert rules.decide(ada, Action("tools/call", "tool", name)).decision is ALLOWED
    other = Action("tools/call", "tool", "get_x")
    assert rules.decide(ada, other).decision == Deny("no_rule")


@pytest.mark.requirement("A19")
@given(name=st.text("ab*?[]", min_size=1), other=st.text("ab*?[]", min_size=1))
def test_a_suggested_rule_covers_no_other_name(name: str, other: str) -> None:
    (suggested,) = suggest_rules([event("ada", name)])
    rules = compile_rules([Rule.model_validate(suggested)], Vocabulary())

    covered = rules.covering("tools/call", "tool", other).rules

    assert bool(covered) is (other == name)
