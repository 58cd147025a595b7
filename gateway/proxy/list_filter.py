"""Showing callers, of a server's lists, what its rules let them call."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from gateway.errors import UpstreamInvalid
from gateway.identity.principal import Principal
from gateway.mcp.listing import EVERY_LIST, LISTS, Entry, filter_lists
from gateway.mcp.message import Message, Target
from gateway.mcp.sse import DataRewriter
from gateway.policy.decision import Allow, Decision, Deny
from gateway.policy.rules import Action, Rules
from gateway.proxy.exchange import UpstreamResponse
from gateway.proxy.forward import Delivery
from gateway.proxy.tool_catalogue import read_annotations

MAX_LIST_BYTES = 16 * 1024 * 1024
_OF_THE_BYTES = frozenset(
    {b"etag", b"last-modified", b"digest", b"content-digest", b"repr-digest", b"content-md5"}
)
Show = Literal["allowed", "reachable", "all"]
# What is done with an entry of each list, and the member that names it.
_USES: Mapping[str, tuple[str, Target, str]] = {
    "tools": ("tools/call", "tool", "name"),
    "prompts": ("prompts/get", "prompt", "name"),
    "resources": ("resources/read", "resource", "uri"),
    "resourceTemplates": ("resources/read", "resource", "uriTemplate"),
}


class ListFilter:
    """The filter of one answer: `whole` for a body, `feed` for the pieces of an event stream.

    `lists` are the members of results that are looked at.
    """

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
        self.feed = DataRewriter(self._event, MAX_LIST_BYTES).feed

    def whole(self, body: bytes) -> bytes:
        """Filter a JSON body. Raises `UpstreamInvalid` when it cannot be read."""
        return filter_lists(body, self._lists, self._keep, self._max_ttl_ms)

    def _event(self, data: bytes) -> bytes:
        # Legacy streams begin with an `endpoint`, an address; everything else is JSON.
        return self.whole(data) if data[:1] in (b"{", b"[") else data

    def _keep(self, listed: str, entry: Entry) -> bool:
        method, target, naming = _USES[listed]
        name = entry.get(naming)
        if not isinstance(name, str):
            return False  # nobody could call it
        annotations = read_annotations(entry) if target == "tool" else None
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
        return sorted(EVERY_LIST)
    asked = (LISTS.get(each.method) for each in messages if each.method is not None)
    return sorted({each for each in asked if each is not None})


async def filter_body(delivery: Delivery, lists: ListFilter) -> Delivery:
    """Filter an answer as far as it is there; one that is no event stream is whole afterwards.

    Raises `UpstreamInvalid` for what cannot be looked at, and what reading the answer raises.
    """
    response = delivery.response
    if any(name.lower() == b"content-encoding" for name, _ in delivery.headers):
        response.close()
        raise UpstreamInvalid("The MCP server sent a list that cannot be read.")
    if delivery.events:
        if response.body is not None:  # a stream that has ended already
            response.body = lists.feed(response.body)
        return delivery
    body = await _read(response) if response.body is None else response.body
    if not body:
        return delivery
    response.body = lists.whole(body)
    if response.body is body:
        return delivery
    # These speak of the bytes that came.
    headers = [each for each in delivery.headers if each[0].lower() not in _OF_THE_BYTES]
    return msgspec.structs.replace(delivery, headers=headers)


async def _read(response: UpstreamResponse) -> bytes:
    body = b""
    while piece := await response.read():
        body += piece
        if len(body) > MAX_LIST_BYTES:
            response.close()
            raise UpstreamInvalid("The MCP server sent a list without end.")
    return body
