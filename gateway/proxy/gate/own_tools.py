"""The gateway's own tools beside those of a server: in its lists, and when they are called.

A server's tool of the same name is never hidden: it keeps the name, and ours is gone.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from gateway.errors import IdentityUnavailable, InvalidMessage
from gateway.http.head import Head
from gateway.identity.principal import Principal
from gateway.mcp.arguments import parse_arguments
from gateway.mcp.listing import Members
from gateway.mcp.message import Message
from gateway.mcp.operation import Operation
from gateway.mcp.revisions import mirrors_headers
from gateway.mcp.tool_list import add_tools, declare_tools, tool_names
from gateway.proxy.answers.answer_rewriter import Change
from gateway.proxy.outgoing.legacy_endpoint import ENDPOINT_PARAMETER
from gateway.proxy.upstream.tool_catalogue import ToolCatalogue
from gateway.resilience.time_limit import time_limit
from gateway.tools.facts import Call
from gateway.tools.toolbox import Toolbox

_HANDSHAKES = frozenset({"initialize", "server/discover"})
_CATALOGUE_TIMEOUT_S = 1.0
# MCP 2026-07-28 says of every list how long it may be kept, and by whom.
_EMPTY: Members = {"tools": msgspec.Raw(b"[]")}
_EMPTY_MODERN: Members = {
    "resultType": msgspec.Raw(b'"complete"'),
    **_EMPTY,
    "ttlMs": msgspec.Raw(b"0"),
    "cacheScope": msgspec.Raw(b'"private"'),
}


class Visitor(Protocol):
    """Who calls, and the token that was presented."""

    @property
    def principal(self) -> Principal | None:
        """None without a token."""

    @property
    def token(self) -> str | None:
        """None without one."""


class OwnTools:
    """The gateway's tools of one server; `catalogue` is what the server itself publishes."""

    def __init__(self, toolbox: Toolbox, catalogue: ToolCatalogue) -> None:
        self._toolbox = toolbox
        self._catalogue = catalogue
        self._taken: frozenset[str] = frozenset()  # seen in the server's lists on their way
        self.has_public = toolbox.has_public

    async def are_called(self, head: Head, messages: Sequence[Message]) -> bool:
        """Whether a request calls tools of the gateway's own.

        Raises `InvalidMessage` when it asks for something else beside them.
        """
        named = [each for each in messages if self._is_named(each)]
        # On HTTP with SSE the answer to a POST comes on another connection: not ours to write.
        if not named or head.query.startswith(ENDPOINT_PARAMETER):
            return False
        taken = await self._taken_names()
        own = [each for each in named if each.name not in taken]
        if own and len(own) < len(messages):
            raise InvalidMessage("Call the gateway's own tools in a message of their own.")
        return bool(own)

    async def answer(
        self, visitor: Visitor, operation: Operation, now: float, *, batch: bool
    ) -> bytes:
        """Answer a request that `are_called` said yes to; `now` is in Unix seconds.

        Raises `MissingToken`, and `InvalidMessage` for arguments that can be read in two ways.
        """
        modern = mirrors_headers(operation.revision)
        answers = []
        for message in operation.messages:
            arguments = parse_arguments(message.arguments)
            call = Call(visitor.principal, visitor.token, arguments, now)
            result = await self._toolbox.call(str(message.name), call, modern=modern)
            answers.append({"jsonrpc": "2.0", "id": message.id, "result": result})
        return msgspec.json.encode(answers if batch else answers[0])

    def changes(
        self,
        principal: Principal | None,
        head: Head,
        operation: Operation,
        others: Sequence[Change],
    ) -> Sequence[Change]:
        """What is done to the answer of a request, with `others` that are to be done too."""
        if head.method != "POST" or head.query.startswith(ENDPOINT_PARAMETER):
            return others
        lists = _ids(operation, frozenset({"tools/list"}))
        greetings = _ids(operation, _HANDSHAKES)
        changes = [*others]
        if lists:
            changes = [self._note, *others, self._adding(principal, operation, lists)]
        if greetings:
            changes.append(lambda text: declare_tools(text, greetings))
        return changes

    def _adding(
        self, principal: Principal | None, operation: Operation, ids: Sequence[object]
    ) -> Change:
        empty = _EMPTY_MODERN if mirrors_headers(operation.revision) else _EMPTY
        listed = self._toolbox.listed(principal)

        def add(text: bytes) -> bytes:
            entries = [entry for name, entry in listed.items() if name not in self._taken]
            return add_tools(text, ids, entries, empty)

        return add

    def _note(self, text: bytes) -> bytes:
        self._taken |= tool_names(text) & self._toolbox.names
        return text

    def _is_named(self, message: Message) -> bool:
        is_call = message.kind == "request" and message.method == "tools/call"
        return is_call and message.name in self._toolbox.names

    async def _taken_names(self) -> frozenset[str]:
        try:
            async with time_limit(_CATALOGUE_TIMEOUT_S):
                published = await self._catalogue.tools()
        except (IdentityUnavailable, TimeoutError):
            return self._taken  # who is logged in can be told without the server
        return self._toolbox.names & published.keys()


def _ids(operation: Operation, methods: frozenset[str]) -> Sequence[object]:
    return [each.id for each in operation.messages if each.method in methods]
