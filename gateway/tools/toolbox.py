"""The gateway's own tools of one server: what is listed of them, and calling one."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import msgspec

from gateway.config.own_tools import PUBLIC_TOOLS, OwnTool
from gateway.errors import MissingToken
from gateway.identity.principal import Principal
from gateway.tools import answers
from gateway.tools.facts import Call, ServerFacts
from gateway.tools.outputs import (
    LoginUrl,
    Refresh,
    Status,
    TokenInfo,
    WhoAmI,
    schema_of,
)

_SHOW_TOKEN = {
    "type": "boolean",
    "description": "Show the token itself. Whoever reads it can act as you until it ends.",
}
# Nothing is changed anywhere, and nobody outside is told: MCP, Tools, ToolAnnotations.
_HINTS = {
    "readOnlyHint": True,
    "destructiveHint": False,
    "idempotentHint": True,
    "openWorldHint": False,
}
_Answer = Callable[[ServerFacts, Call], Awaitable[msgspec.Struct]]


@dataclass(frozen=True, slots=True)
class _Definition:
    title: str
    description: str
    answer: _Answer
    output: type[msgspec.Struct]
    properties: Mapping[str, object] | None = None


_DEFINITIONS: Mapping[OwnTool, _Definition] = {
    "cli_status": _Definition(
        "Authentication status",
        "Tell whether this client is logged in, and how this server does OAuth.",
        answers.status,
        Status,
    ),
    "cli_login_url": _Definition(
        "Where to log in",
        "Tell where and how to log in to this server.",
        answers.login_url,
        LoginUrl,
    ),
    "cli_whoami": _Definition(
        "Who am I",
        "Tell who the caller is, with which scopes and roles, and which tools they may call.",
        answers.whoami,
        WhoAmI,
    ),
    "cli_token": _Definition(
        "My token",
        "Tell what the presented access token says and when it ends.",
        answers.token,
        TokenInfo,
        properties={"showToken": _SHOW_TOKEN},
    ),
    "cli_refresh": _Definition(
        "Refreshing my token",
        "Tell how a newer access token is got from this issuer.",
        answers.refresh,
        Refresh,
    ),
}


class Toolbox:
    """The tools that one server was given, under the names that clients see."""

    def __init__(self, chosen: Mapping[str, OwnTool], facts: ServerFacts) -> None:
        self._facts = facts
        self._by_name = {name: _DEFINITIONS[tool] for name, tool in chosen.items()}
        self._public = {name for name, tool in chosen.items() if tool in PUBLIC_TOOLS}
        self._listed = {name: _entry(name, tool) for name, tool in self._by_name.items()}

    @property
    def names(self) -> frozenset[str]:
        """The names of all of them."""
        return frozenset(self._by_name)

    @property
    def has_public(self) -> bool:
        """Whether one of them is for callers without a token."""
        return bool(self._public)

    def listed(self, principal: Principal | None) -> Mapping[str, msgspec.Raw]:
        """The entries for `tools/list` by name: without a principal the public ones only."""
        return {
            name: entry
            for name, entry in self._listed.items()
            if principal is not None or name in self._public
        }

    async def call(self, name: str, call: Call, *, modern: bool) -> Mapping[str, object]:
        """The `result` of calling one; `modern` from 2026-07-28 on.

        Raises `MissingToken` where a token is needed and none came.
        """
        tool = self._by_name[name]
        if call.principal is None and name not in self._public:
            raise MissingToken("This tool needs an access token.")
        complaint = _complaint(tool, call.arguments)
        if complaint is not None:
            return _result(complaint, modern=modern, isError=True)
        answer = msgspec.to_builtins(await tool.answer(self._facts, call))
        text = msgspec.json.encode(answer).decode()
        return _result(text, modern=modern, structuredContent=answer, isError=False)


def _complaint(tool: _Definition, arguments: Mapping[str, object]) -> str | None:
    known = tool.properties or {}
    unknown = sorted(set(arguments) - set(known))
    if unknown:
        takes = ", ".join(known) or "none"
        return f"Unknown argument {unknown[0]!r}; this tool takes: {takes}."
    wrong = [name for name, value in arguments.items() if not isinstance(value, bool)]
    return f"{wrong[0]} is true or false." if wrong else None


def _result(text: str, *, modern: bool, **members: object) -> Mapping[str, object]:
    result: dict[str, object] = {"content": [{"type": "text", "text": text}], **members}
    return {"resultType": "complete", **result} if modern else result


def _entry(name: str, tool: _Definition) -> msgspec.Raw:
    entry = {
        "name": name,
        "title": tool.title,
        "description": tool.description,
        "inputSchema": {
            "type": "object",
            "properties": tool.properties or {},
            "additionalProperties": False,
        },
        "outputSchema": schema_of(tool.output),
        "annotations": {"title": tool.title, **_HINTS},
    }
    return msgspec.Raw(msgspec.json.encode(entry))
