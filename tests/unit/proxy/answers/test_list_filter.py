"""What callers see of a server's lists."""

import json

import pytest

from gateway.identity.principal import Principal
from gateway.mcp.message import Message
from gateway.proxy.answers.list_filter import ListFilter, Show, listed_by
from tests.unit.policy.test_rules import ADA, rules

RULES = """
- {tools: [open], allow: any}
- {tools: [scoped], allow: {scopes: [write]}}
- {tools: [shut], allow: nobody}
- {tools: ['*'], annotations: {readOnlyHint: true}, allow: any}
- {resources: ['x:a/*'], allow: any}
"""


def shown(
    entries: list[dict[str, object]],
    listed: str = "tools",
    show: Show = "reachable",
    principal: Principal | None = ADA,
) -> list[object]:
    filtering = ListFilter(rules(RULES), principal, [listed], show, 60.0)
    answer = {"jsonrpc": "2.0", "id": 1, "result": {listed: entries}}

    kept = json.loads(filtering.change(json.dumps(answer).encode()))["result"][listed]

    return [each.get("name") or each.get("uri") or each.get("uriTemplate") for each in kept]


def tools(*names: str) -> list[dict[str, object]]:
    return [{"name": name} for name in names]


@pytest.mark.parametrize(
    ("show", "expected"), [("reachable", ["open", "scoped"]), ("allowed", ["open"])]
)
def test_a_list_has_what_may_be_called_and_what_a_scope_would_open(
    show: Show, expected: list[str]
) -> None:
    assert shown(tools("open", "scoped", "shut", "unlisted"), show=show) == expected


def test_annotations_of_the_entry_itself_decide() -> None:
    entry: dict[str, object] = {"name": "reads", "annotations": {"readOnlyHint": True}}

    assert shown([entry, {"name": "writes"}]) == ["reads"]


def test_what_nobody_could_call_is_not_shown() -> None:
    assert shown([{"title": "no name"}, {"name": 7}, {"name": "open"}]) == ["open"]


def test_resources_go_by_their_uri_and_templates_by_what_they_may_become() -> None:
    assert shown([{"uri": "x:a/1"}, {"uri": "x:b/1"}], "resources") == ["x:a/1"]
    templates: list[dict[str, object]] = [{"uriTemplate": "x:a/{id}"}, {"uriTemplate": "x:{any}"}]
    assert "x:a/{id}" in shown(templates, "resourceTemplates")


def test_a_filtered_list_may_not_be_kept_for_long() -> None:
    filtering = ListFilter(rules(RULES), ADA, ["tools"], "reachable", 60.0)
    answer = {
        "jsonrpc": "2.0",
        "id": 1,
        "result": {"tools": [], "ttlMs": 3_600_000, "cacheScope": "public"},
    }

    result = json.loads(filtering.change(json.dumps(answer).encode()))["result"]

    assert (result["ttlMs"], result["cacheScope"]) == (60_000, "private")


@pytest.mark.parametrize(
    ("method", "asked", "expected"),
    [
        ("POST", ["tools/call"], []),
        ("POST", ["tools/list"], ["tools"]),
        ("POST", ["tools/call", "prompts/list", None], ["prompts"]),
        ("GET", [], ["prompts", "resourceTemplates", "resources", "tools"]),
        ("DELETE", [], []),
    ],
)
def test_which_lists_an_answer_may_hold_follows_from_the_request(
    method: str, asked: list[str | None], expected: list[str]
) -> None:
    messages = [Message("request", name, 1) for name in asked]

    assert list(listed_by(method, messages)) == expected
