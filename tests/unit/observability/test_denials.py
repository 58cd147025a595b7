from typing import Any

import pytest

from gateway.observability.denials import Denials
from tests.unit.observability.conftest import a_call, note_end


def test_newest_refusal_stands_first_and_fifty_are_kept() -> None:
    denials = Denials()

    for number in range(60):
        refused = a_call(request_id=f"id-{number}", decision="deny", reason="expired")
        note_end(denials, refused)

    assert len(denials.latest) == 50
    assert denials.latest[0].request_id == "id-59"


def test_what_was_allowed_is_not_kept() -> None:
    denials = Denials()

    note_end(denials, a_call())

    assert not denials.latest


@pytest.mark.requirement("U7")
@pytest.mark.parametrize(
    ("outcome", "caller", "name"),
    [
        ({"subject": "ada", "name": "get_x", "verified": True}, "ada", "get_x"),
        ({"subject": "ada", "verified": False, "name": None}, "(ada)", "tools/call"),
        ({"subject": None, "name": None, "mcp_method": None}, "", ""),
        (
            {"subject": "a" * 200, "name": "eyJhbGciOiJSUzI1NiJ9.e30.x"},
            "a" * 80 + "…",
            "[redacted]",
        ),
    ],
)
def test_caller_and_tool_of_a_refusal_are_kept(
    outcome: dict[str, Any], caller: str, name: str
) -> None:
    denials = Denials()

    note_end(denials, a_call(**{"decision": "deny", "mcp_method": "tools/call", **outcome}))

    (kept,) = denials.latest
    assert (kept.caller, kept.name) == (caller, name)
