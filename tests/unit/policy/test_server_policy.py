"""The decisions of one server, and the order in which they count."""

import pytest

from gateway.identity.principal import Principal
from gateway.policy.admission import compile_admission
from gateway.policy.decision import ALLOWED, Decision, Deny
from gateway.policy.rules import Action
from gateway.policy.server_policy import ServerPolicy
from tests.unit.policy.test_rules import ADA, rules, tool

EVE = Principal("https://idp.example", "eve", scopes=frozenset({"write"}))
NEEDS_WRITE = compile_admission(frozenset({"write"}), "any")
RULES = rules("[{tools: [shut], allow: nobody}, {tools: ['*'], allow: any}]")
OWN = {"cli_status": True, "cli_token": False}
CLOSED = ServerPolicy(NEEDS_WRITE, RULES, own_tools=OWN)
LACKS = Deny("scope_missing", frozenset({"write"}))
MISSING = Deny("missing")


@pytest.mark.parametrize(
    ("principal", "action", "decision", "decides"),
    [
        (ADA, tool("open"), LACKS, "allow"),
        (ADA, tool("cli_status"), LACKS, "allow"),  # before anything that is asked for
        (EVE, tool("cli_token"), ALLOWED, "tools.gateway"),
        (EVE, tool("shut"), Deny("nobody_allowed"), "rules[0]"),
        (EVE, tool("open"), ALLOWED, "rules[1]"),
        (None, tool("cli_status"), ALLOWED, "tools.gateway"),
        (None, tool("cli_token"), MISSING, "tools.gateway"),
        (None, tool("open"), MISSING, None),  # before any rule
    ],
)
def test_the_first_decision_that_does_not_allow_counts(
    principal: Principal | None, action: Action, decision: Decision, decides: str | None
) -> None:
    decided, steps = CLOSED.explain(principal, action)

    assert decided == decision
    assert next((step.rule for step in steps if step.decides), None) == decides


def test_without_rules_allow_decides() -> None:
    decided, (step,) = ServerPolicy(NEEDS_WRITE).explain(EVE, tool("open"))

    assert (decided, step.rule, step.decides) == (ALLOWED, "allow", True)


def test_a_server_that_is_public_leaves_strangers_to_its_rules() -> None:
    public = ServerPolicy(NEEDS_WRITE, rules("[{tools: [open], allow: anonymous}]"), is_public=True)

    assert public.explain(None, tool("open"))[0] is ALLOWED
    assert public.explain(None, tool("other"))[0] != ALLOWED


def test_a_prompt_of_that_name_is_no_tool_of_ours() -> None:
    prompt = Action("prompts/get", "prompt", "cli_status")

    assert not CLOSED.is_own(prompt)
    assert CLOSED.is_own(tool("cli_status"))
