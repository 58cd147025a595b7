"""Rules from what was called."""

from gateway.policy.suggest import MAX_SUBJECTS, suggest_rules


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
        event("eve", "*"),
        event("eve", "file:///*", mcp_method="resources/read"),
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
