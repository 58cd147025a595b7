"""Tools of a server, called with the login that is kept for it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gateway.client.failure import ClientFailure
from gateway.client.mcp.arguments import Tool, parse_arguments
from gateway.client.mcp.session import Forbidden, McpSession, OnProgress, Unauthorized
from gateway.client.tokens.logins import Login, find_login
from gateway.client.tokens.refresh import renew, usable_login
from gateway.client.tokens.token_file import TokenFile
from gateway.client.web import Web

_Found = TypeVar("_Found")
_Work = Callable[[McpSession], Awaitable[_Found]]


@dataclass(frozen=True, slots=True)
class ServerTools:
    """One person at one server; `issuer` is None for that of the last login.

    Without a login it goes without a token: not every server wants one. Everything raises
    `ClientFailure`.
    """

    web: Web
    file: TokenFile
    server_url: str
    issuer: str | None = None

    async def list_tools(self) -> Sequence[Tool]:
        """The tools that this person may see."""
        return await self._in_session(McpSession.list_tools)

    async def call_tool(
        self, name: str, pairs: Sequence[str], on_progress: OnProgress
    ) -> Mapping[str, object]:
        """Call a tool with arguments as they were typed, and give its result."""

        async def call(session: McpSession) -> Mapping[str, object]:
            tool = _named(await session.list_tools(), name)
            try:
                arguments = parse_arguments(pairs, tool)
            except ValueError as error:
                raise ClientFailure(f"{name}: {error}") from error
            return await session.call_tool(tool, arguments, on_progress)

        return await self._in_session(call)

    async def _in_session(self, work: _Work[_Found]) -> _Found:
        login = find_login(self.file.read(), self.server_url, self.issuer)
        if login is None:
            async with McpSession(self.web, self.server_url) as session:
                return await work(session)
        try:
            return await self._with_login(login, work)
        except Forbidden as refusal:
            held = login.tokens.scopes or ()
            raise Forbidden(self.server_url, refusal.challenge, held) from refusal

    async def _with_login(self, login: Login, work: _Work[_Found]) -> _Found:
        login = await usable_login(self.web, self.file, login)
        try:
            async with McpSession(self.web, self.server_url, login.tokens.access_token) as session:
                return await work(session)
        except Unauthorized:
            # Ended before its time, or by the clock of the server. Once only: a server that
            # refuses fresh tokens would have them all.
            login = await renew(self.web, self.file, login)
        async with McpSession(self.web, self.server_url, login.tokens.access_token) as session:
            return await work(session)


def _named(tools: Sequence[Tool], name: str) -> Tool:
    for tool in tools:
        if tool["name"] == name:
            return tool
    names = ", ".join(str(tool["name"]) for tool in tools) or "none"
    raise ClientFailure(f"the server has no tool {name} for you; it has: {names}")
