"""The narrowest rules that would have let through what an audit log says was called. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from gateway.config.own_tools import DECIDED_BY
from gateway.config.reading.expand import quote
from gateway.glob import escape_glob

MAX_SUBJECTS = 20
_LISTED = {"tools/call": "tools", "prompts/get": "prompts", "resources/read": "resources"}
_Caller = tuple[str | None, str]  # issuer and subject: another's `ada` is somebody else


def suggest_rules(events: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
    """Rules as they stand in a configuration file.

    Only calls that were allowed and answered count, and none of the gateway's own tools. Names
    that the same callers used share a rule; more callers than `MAX_SUBJECTS` mean `any`, which
    somebody should look at. Callers chose the names: each is written so that it means itself,
    not as a glob or a reference to a secret.
    """
    used: defaultdict[tuple[str, str], set[_Caller]] = defaultdict(set)
    for event in events:
        place = _place(event)
        if place is not None:
            used[place].add((_text(event.get("issuer")), str(event.get("subject"))))
    grouped: defaultdict[tuple[str, frozenset[_Caller]], list[str]] = defaultdict(list)
    for (listed, name), callers in sorted(used.items(), key=lambda item: item[0]):
        grouped[listed, frozenset(callers)].append(quote(escape_glob(name)))
    return [
        {listed: names, "allow": _allow(callers)} for (listed, callers), names in grouped.items()
    ]


def _place(event: Mapping[str, object]) -> tuple[str, str] | None:
    listed = _LISTED.get(str(event.get("mcp_method")))
    name, status = event.get("name"), event.get("status")
    counted = event.get("decision") == "allow" and event.get("subject") is not None
    # What a server does not have it answers with an error: no rule is needed for that.
    failed = event.get("result") == "jsonrpc_error"
    if event.get("rule") == DECIDED_BY or failed:
        return None
    if listed is None or not isinstance(name, str) or status != 200 or not counted:  # noqa: PLR2004
        return None
    return listed, name


def _allow(callers: Collection[_Caller]) -> object:
    if len(callers) > MAX_SUBJECTS:
        return "any"
    by_issuer: defaultdict[str | None, list[str]] = defaultdict(list)
    for issuer, subject in callers:
        by_issuer[issuer].append(quote(subject))
    sections = [
        {"subjects": sorted(subjects)} | ({} if issuer is None else {"issuers": [quote(issuer)]})
        for issuer, subjects in sorted(by_issuer.items(), key=lambda item: item[0] or "")
    ]
    return sections[0] if len(sections) == 1 else {"any_of": sections}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
