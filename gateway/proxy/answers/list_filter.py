"""Showing callers, of a server's lists, what its rules let them call."""

from collections.abc import Mapping, Sequence
from typing import Literal

from gateway.identity.principal import Principal
from gateway.mcp.listing import EVERY_LIST, LISTS, Entry, filter_lists, tool_hints
from gateway.mcp.message import Message, Target
from gateway.policy.decision import Allow, Decision, Deny
from gateway.policy.rules import Action, Rules
from gateway.policy.uri import parse_template

_ALL = tuple(sorted(EVERY_LIST))
Show = Literal["allowed", "reachable", "all"]
# What is done with an entry of each list, and the member that names it.
_USES: Mapping[str, tuple[str, Target, str]] = {
    "tools": ("tools/call", "tool", "name"),
    "prompts": ("prompts/get", "prompt", "name"),
    "resources": ("resources/read", "resource", "uri"),
    "resourceTemplates": ("resources/read", "resource", "uriTemplate"),
}


class ListFilter:
    """The filter of one answer; `lists` are the members of results that are looked at."""

    def __init__(
        self,
        rules: Rules,
        principal: Principal | None,
        lists: Sequence[str],
        show: Show,
        max_ttl_s: float,
    ) -> None:
        self._rules = rules
        self._principal = principal
        self._lists = lists
        self._show = show
        self._max_ttl_ms = int(max_ttl_s * 1000)

    def change(self, text: bytes) -> bytes:
        """Filter a response, or a batch. Raises `UpstreamInvalid` when it cannot be read."""
        return filter_lists(text, self._lists, self._keep, self._max_ttl_ms)

    def _keep(self, listed: str, entry: Entry) -> bool:
        method, target, naming = _USES[listed]
        name = entry.get(naming)
        if not isinstance(name, str):
            return False  # nobody could call it
        if naming == "uriTemplate":
            name = parse_template(name)
        annotations = tool_hints(entry) if target == "tool" else None
        action = Action(method, target, name, annotations=annotations)
        return self._is_shown(self._rules.show(self._principal, action))

    def _is_shown(self, decision: Decision) -> bool:
        if isinstance(decision, Allow):
            return True
        if self._show != "reachable":
            return False
        return not isinstance(decision, Deny) or bool(decision.missing_scopes)


def listed_by(method: str, messages: Sequence[Message]) -> Sequence[str]:
    """Which lists the answer to a request may hold; `method` is that of HTTP.

    A GET opens the stream on which a server of the older revisions may answer any request.
    """
    if method == "GET":
        return _ALL
    if len(messages) == 1 and messages[0].method not in LISTS:  # as nearly every request
        return ()
    asked = (LISTS.get(each.method) for each in messages if each.method is not None)
    return sorted({each for each in asked if each is not None})
