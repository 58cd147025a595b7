"""The narrowest rules that would have let through what an audit log says was called. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from gateway.config.own_tools import DECIDED_BY

MAX_SUBJECTS = 20
_LISTED = {"tools/call": "tools", "prompts/get": "prompts", "resources/read": "resources"}


def suggest_rules(events: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
    """Rules as they stand in a configuration file.

    Only calls that were allowed and answered count, and none of the gateway's own tools. Names
    that the same callers used share a rule; more callers than `MAX_SUBJECTS` mean `any`, which
    somebody should look at. Names with a `*` are left out: a rule would cover others with them,
    and what was called is the callers' choice.
    """
    used: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for event in events:
        place = _place(event)
        if place is not None:
            used[place].add(str(event.get("subject")))
    grouped: defaultdict[tuple[str, frozenset[str]], list[str]] = defaultdict(list)
    for (listed, name), subjects in sorted(used.items()):
        grouped[listed, frozenset(subjects)].append(name)
    return [
        {listed: names, "allow": _allow(subjects)} for (listed, subjects), names in grouped.items()
    ]


def has_star(event: Mapping[str, object]) -> bool:
    """Whether a call's name would be a pattern in a rule."""
    return "*" in str(event.get("name"))


def _place(event: Mapping[str, object]) -> tuple[str, str] | None:
    listed = _LISTED.get(str(event.get("mcp_method")))
    name, status = event.get("name"), event.get("status")
    counted = event.get("decision") == "allow" and event.get("subject") is not None
    # What a server does not have it answers with an error: no rule is needed for that.
    failed = event.get("result") == "jsonrpc_error"
    if event.get("rule") == DECIDED_BY or failed or has_star(event):
        return None
    if listed is None or not isinstance(name, str) or status != 200 or not counted:  # noqa: PLR2004
        return None
    return listed, name


def _allow(subjects: frozenset[str]) -> object:
    return "any" if len(subjects) > MAX_SUBJECTS else {"subjects": sorted(subjects)}
