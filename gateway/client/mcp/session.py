"""One conversation with an MCP server over Streamable HTTP, in the revision that it speaks."""

import itertools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import NoReturn, Self

import aiohttp

from gateway.client.discovery.challenge import Challenge, bearer_challenge_of
from gateway.client.failure import ClientFailure, login_command
from gateway.client.mcp.arguments import Tool
from gateway.client.mcp.messages import (
    MAX_MESSAGE_BYTES,
    MODERN,
    EventStream,
    Progress,
    RpcError,
    encode_header,
    mirrored_headers,
    parse_messages,
    progress_in,
    result_of,
)
from gateway.client.web import VERSION, Web, WebRequest, challenges_of, read_body
from gateway.mcp.parameter_headers import has_wrong_annotations
from gateway.mcp.tool_list import METHOD_NOT_FOUND

LEGACY = "2025-11-25"
_ACCEPT = "application/json, text/event-stream"
_SELF = {"name": "mcpgw", "version": VERSION}
_META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": _SELF,
    "io.modelcontextprotocol/clientCapabilities": {},
}
# What servers without the old handshake answer it with: unknown method, unsupported revision,
# headers that are missing, an invalid request.
_NO_HANDSHAKE = frozenset({-32601, -32022, -32020, -32600})
_MAX_PAGES = 100
_MAX_ERROR_BYTES = 64 * 1024
_REDIRECTED = 300

OnProgress = Callable[[Progress], None]


def _advice(server_url: str, challenge: Challenge, held: Sequence[str]) -> str:
    said = challenge.parameters.get("error_description", "the token does not allow this")
    if challenge.parameters.get("error") != "insufficient_scope" or not challenge.scopes:
        return f"{server_url} refuses: {said}; ask its operator for access"
    command = login_command(server_url, tuple(dict.fromkeys((*held, *challenge.scopes))))
    return f"{server_url} refuses: {said}; run `{command}`"


class Forbidden(ClientFailure):
    """The token does not allow it; `challenge` says what would (RFC 6750 §3.1).

    `held` are scopes that a new login should keep: many challenges name what is missing only.
    """

    def __init__(self, server_url: str, challenge: Challenge, held: Sequence[str] = ()) -> None:
        super().__init__(_advice(server_url, challenge, held))
        self.challenge = challenge


class Unauthorized(ClientFailure):
    """The server wants a token, or another one; `challenge` is None where it says no more."""

    def __init__(self, server_url: str, challenge: Challenge | None) -> None:
        super().__init__(f"{server_url} wants a token: run `{login_command(server_url)}`")
        self.challenge = challenge


class Unanswered(ClientFailure):
    """What came is no answer of an MCP server to this request."""


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """What a server answers without a token; `failure` is why it is not known whether it lets in.

    `refused` is True where it wants a token.
    """

    refused: bool = False
    challenge: Challenge | None = None
    failure: ClientFailure | None = None


class McpSession:
    """Used as an async context manager: begins with the handshake, ends the session.

    `token` is None for a server that needs none. Everything raises `ClientFailure`, and
    `Unauthorized` where a token would help.
    """

    def __init__(self, web: Web, server_url: str, token: str | None = None) -> None:
        self._web = web
        self._url = server_url
        self._headers = {"Accept": _ACCEPT, "Content-Type": "application/json"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._ids = itertools.count(1)
        self._is_modern = False

    async def __aenter__(self) -> Self:
        # The newest first: it keeps nothing at the server, and the others refuse it at once.
        self._is_modern = True
        if MODERN in await self._discover():
            return self
        self._is_modern = False
        try:
            await self._shake_hands()
        except RpcError as error:
            if error.code not in _NO_HANDSHAKE:
                raise
            self._is_modern = True
        return self

    async def _discover(self) -> Sequence[object]:
        """The revisions that the server speaks without a handshake."""
        try:
            found = await self.request("server/discover", {})
        except RpcError as error:
            return _list_in(error.details, "supported")  # of -32022
        except Unanswered:
            return ()  # it wants a handshake, or complains of that in words that are told
        return _list_in(found, "supportedVersions")

    async def _shake_hands(self) -> None:
        hello = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": _SELF}
        greeting = await self.request("initialize", hello)
        revision = greeting.get("protocolVersion")
        self._headers["MCP-Protocol-Version"] = revision if isinstance(revision, str) else LEGACY
        await self._notify({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if "Mcp-Session-Id" in self._headers:
            try:
                await self._web.send(WebRequest(self._url, "DELETE", self._headers))
            except ClientFailure:
                return  # the server ends it alone

    async def list_tools(self) -> Sequence[Tool]:
        """Every tool, of all pages."""
        tools: list[Tool] = []
        cursor: dict[str, object] = {}
        for _ in range(_MAX_PAGES):
            page = await self.request("tools/list", cursor)
            listed = page.get("tools")
            if not isinstance(listed, list):
                raise ClientFailure(f"{self._url} sent no list of tools")
            tools += [each for each in listed if self._may_call(each)]
            if not page.get("nextCursor"):
                return tools
            cursor = {"cursor": page["nextCursor"]}
        raise ClientFailure(f"the list of tools of {self._url} does not end")

    def _may_call(self, tool: object) -> bool:
        if not isinstance(tool, dict) or "name" not in tool:
            return False
        # MCP 2026-07-28: what asks for headers wrongly is left out, the others stay.
        return not (self._is_modern and has_wrong_annotations(tool))

    async def call_tool(
        self,
        tool: Tool,
        arguments: Mapping[str, object],
        on_progress: OnProgress,
    ) -> Mapping[str, object]:
        """The result of a call. `tool` is as the server lists it."""
        params = {"name": tool["name"], "arguments": arguments}
        headers = mirrored_headers(tool, arguments) if self._is_modern else {}
        result = await self.request("tools/call", params, headers, on_progress)
        if result.get("resultType") not in (None, "complete"):
            raise ClientFailure("the tool asks for something that a person must answer")
        return result

    async def request(
        self,
        method: str,
        params: Mapping[str, object],
        headers: Mapping[str, str] | None = None,
        on_progress: OnProgress | None = None,
    ) -> Mapping[str, object]:
        """Send one request and wait for its result. Raises `RpcError` for an error."""
        number = next(self._ids)
        message = self._message(number, method, params, wants_progress=on_progress is not None)
        async with self._posted(message, method, headers or {}) as response:
            async for answer in messages_in_answer(response):
                if answer.get("id") == number and "method" not in answer:
                    return result_of(answer)
                progress = progress_in(answer, number)
                if progress is not None and on_progress is not None:
                    on_progress(progress)
                elif "method" in answer and "id" in answer:
                    await self._decline(answer)
        raise Unanswered(f"{self._url} ended its answer without a result; try again")

    @asynccontextmanager
    async def _posted(
        self, message: object, method: str, headers: Mapping[str, str]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Post a message; the block reads the answer, whose head is looked at first."""
        whole = {**self._headers, **headers, **self._revision_headers(method, message)}
        async with self._web.open(WebRequest(self._url, "POST", whole, json=message)) as response:
            if response.status >= _REDIRECTED:
                await self._complain(response)
            # 2026-07-28 has no sessions; before it, the one that the handshake began counts.
            session = response.headers.get("Mcp-Session-Id")
            if session is not None and method == "initialize":
                self._headers["Mcp-Session-Id"] = session
            yield response

    def _revision_headers(self, method: str, message: object) -> dict[str, str]:
        if not self._is_modern or not isinstance(message, Mapping):
            return {}
        params = message.get("params")
        name = params.get("name") if isinstance(params, Mapping) else None
        named = {"Mcp-Name": encode_header(name)} if isinstance(name, str) else {}
        return {"MCP-Protocol-Version": MODERN, "Mcp-Method": method, **named}

    def _message(
        self, number: int, method: str, params: Mapping[str, object], *, wants_progress: bool
    ) -> dict[str, object]:
        meta: dict[str, object] = dict(_META) if self._is_modern else {}
        if wants_progress:
            meta["progressToken"] = number
        whole = {**params, "_meta": meta} if meta else dict(params)
        return {"jsonrpc": "2.0", "id": number, "method": method, "params": whole}

    async def _complain(self, response: aiohttp.ClientResponse) -> NoReturn:
        challenge = bearer_challenge_of(challenges_of(response))
        status = response.status
        if status == HTTPStatus.UNAUTHORIZED:
            raise Unauthorized(self._url, challenge)
        if status == HTTPStatus.FORBIDDEN and challenge is not None:
            raise Forbidden(self._url, challenge)
        if status < HTTPStatus.BAD_REQUEST:
            place = response.headers.get("Location", "elsewhere")
            raise ClientFailure(f"{self._url} has moved to {place}; use that URL")
        for message in parse_messages(await read_body(response, _MAX_ERROR_BYTES)):
            result_of(message)
        raise Unanswered(
            f"{self._url} answers with status {status}, as no MCP server of Streamable HTTP does;"
            " check the path"
        )

    async def _notify(self, message: Mapping[str, object]) -> None:
        async with self._posted(message, str(message.get("method", "")), {}):
            pass

    async def _decline(self, asked: Mapping[str, object]) -> None:
        # A request of the server's own, which may wait for its answer before it goes on.
        answer: dict[str, object] = {"jsonrpc": "2.0", "id": asked["id"]}
        if asked["method"] == "ping":
            await self._notify({**answer, "result": {}})
        else:
            unknown = {"code": METHOD_NOT_FOUND, "message": "This client answers no requests."}
            await self._notify({**answer, "error": unknown})


def _list_in(members: Mapping[str, object], name: str) -> Sequence[object]:
    value = members.get(name)
    return value if isinstance(value, list) else ()


async def messages_in_answer(
    response: aiohttp.ClientResponse,
) -> AsyncIterator[Mapping[str, object]]:
    """The messages of an answer as they come, whether it is one body or a stream."""
    if response.content_type != "text/event-stream":
        for message in parse_messages(await read_body(response, MAX_MESSAGE_BYTES)):
            yield message
        return
    events = EventStream()
    async for piece in response.content.iter_any():
        for data in events.feed(piece):
            for message in parse_messages(data):
                yield message


async def ask_without_token(web: Web, server_url: str) -> FirstAnswer:
    """Ask a server without a token. Raises nothing: what failed is in the answer."""
    try:
        async with McpSession(web, server_url):
            return FirstAnswer()
    except Unauthorized as refusal:
        return FirstAnswer(refused=True, challenge=refusal.challenge)
    except Forbidden as refusal:
        return FirstAnswer(refused=True, challenge=refusal.challenge)
    except ClientFailure as failure:
        return FirstAnswer(failure=failure)
