"""Decisions put together: what is not known never becomes an Allow."""

import pytest

from gateway.policy.decision import ALLOWED, Decision, Deny, Unknown, all_hold, any_holds

UNKNOWN = Unknown("groups_unknown")
FINAL = Deny("group_missing")
READ, READ_WRITE = (
    Deny("scope_missing", frozenset(scopes)) for scopes in (["mcp:read"], ["mcp:read", "mcp:write"])
)


@pytest.mark.requirement("C7")
@pytest.mark.parametrize("decisions", [[UNKNOWN, ALLOWED], [ALLOWED, UNKNOWN], [UNKNOWN]])
def test_what_nobody_knows_is_no_reason_to_let_in(decisions: list[Decision]) -> None:
    assert all_hold(decisions) == UNKNOWN


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ([], ALLOWED),
        ([ALLOWED, ALLOWED], ALLOWED),
        ([UNKNOWN, FINAL], FINAL),
        ([READ, FINAL], FINAL),
        ([UNKNOWN, READ], READ),
        ([UNKNOWN, Unknown("tools_unknown")], UNKNOWN),
        ([READ, ALLOWED, Deny("x", frozenset({"mcp:write"}))], READ_WRITE),
    ],
)
def test_all_hold_names_the_weightiest_reason(
    decisions: list[Decision], expected: Decision
) -> None:
    assert all_hold(decisions) == expected


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ([], Deny("not_allowed")),
        ([FINAL, UNKNOWN, ALLOWED], ALLOWED),
        ([FINAL, UNKNOWN], UNKNOWN),
        ([UNKNOWN, Unknown("tools_unknown")], UNKNOWN),
        ([FINAL, READ], READ),
        ([READ, FINAL], READ),
        ([READ_WRITE, READ], READ),
        ([READ, READ_WRITE], READ),
        ([FINAL, Deny("role_missing")], FINAL),
        ([READ, Deny("later", frozenset({"other"}))], READ),
    ],
)
def test_any_holds_asks_for_as_little_as_helps(
    decisions: list[Decision], expected: Decision
) -> None:
    assert any_holds(decisions) == expected
