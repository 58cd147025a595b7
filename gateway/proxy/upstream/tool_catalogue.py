"""What an MCP server publishes about its tools, asked by the gateway itself: MCP, Tools.

Rules about annotations rest on it: a caller's word on what a tool does counts nothing.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence

import msgspec

from gateway.errors import GatewayError, IdentityUnavailable, UpstreamError, UpstreamInvalid
from gateway.http.message_head import Field, applied_codings, values_of
from gateway.mcp.listing import tool_hints
from gateway.mcp.parameter_headers import ParameterHeader, parameter_headers
from gateway.mcp.session_id import parse_session_id
from gateway.mcp.sse import Rewriters, StreamRewriter, messages_in
from gateway.mcp.tool_list import METHOD_NOT_FOUND
from gateway.policy.rules import Annotations
from gateway.proxy.upstream.content_coding import Decoder
from gateway.proxy.upstream.gateway_requests import OwnRequests
from gateway.proxy.upstream.response import UpstreamResponse
from gateway.proxy.upstream.seen import shown
from gateway.resilience.single_flight import SingleFlight

FRESH_S = 60.0
STALE_S = 3600.0
RETRY_S = 5.0  # a server that did not answer is left in peace: callers without a token come here
MAX_BYTES = 16 * 1024 * 1024
_MAX_PAGES = 100
_MAX_REVISION_CHARS = 64
_REVISION, _SESSION = b"MCP-Protocol-Version", b"Mcp-Session-Id"
_MODERN, _LEGACY = "2026-07-28", "2025-11-25"
_SELF = {"name": "mcp-auth-gateway", "version": "1"}
_META = {
    "io.modelcontextprotocol/protocolVersion": _MODERN,
    "io.modelcontextprotocol/clientInfo": _SELF,
    "io.modelcontextprotocol/clientCapabilities": {},
}

Tool = Mapping[str, object]


class ToolCatalogue:
    """The tools of one server by name, asked for when somebody needs them, once for all.

    A list is fresh for a minute, and used for an hour while the server does not answer.
    """

    def __init__(
        self, requests: OwnRequests, flights: SingleFlight, clock: Callable[[], float]
    ) -> None:
        self._ask = _Asking(requests)
        self._flights = flights
        self._clock = clock
        self._tools: Mapping[str, Tool] = {}
        self._parameters: Mapping[str, Sequence[ParameterHeader]] = {}
        self._fetched_at: float | None = None
        self._failed_at: float | None = None

    async def annotations_of(self, name: str) -> Annotations | None:
        """What the server says about one tool; None when it has none of that name.

        Raises `IdentityUnavailable` when the server was not to be asked for too long.
        """
        tool = (await self.tools()).get(name)
        return None if tool is None else tool_hints(tool)

    async def parameters_of(self, name: str, fresh_s: float | None) -> Sequence[ParameterHeader]:
        """Which arguments of a tool headers repeat.

        `fresh_s` is how old the list may be, None for a minute; without an end, a list that was
        never asked for is an empty one. Raises as `annotations_of`.
        """
        if fresh_s != float("inf"):
            await self.tools(FRESH_S if fresh_s is None else fresh_s)
        return self._parameters.get(name, ())

    async def tools(self, fresh_s: float = FRESH_S) -> Mapping[str, Tool]:
        """All tools by name. Raises as `annotations_of`."""
        cause: GatewayError | None = None
        if self._since(self._fetched_at) > fresh_s and self._since(self._failed_at) > RETRY_S:
            try:
                await self._flights.join(self, self._fetch)
            except GatewayError as error:
                cause, self._failed_at = error, self._clock()
        if self._since(self._fetched_at) > STALE_S:
            raise IdentityUnavailable(
                "The tools of the server are not known now.", reason="tools_unknown"
            ) from cause
        return self._tools

    def _since(self, then: float | None) -> float:
        return float("inf") if then is None else self._clock() - then

    async def _fetch(self) -> None:
        self._tools = {str(tool["name"]): tool for tool in await self._ask.list_tools()}
        wanted = {name: parameter_headers(tool) for name, tool in self._tools.items()}
        self._parameters = {name: headers for name, headers in wanted.items() if headers}
        self._fetched_at = self._clock()


class _UnknownMethod(UpstreamInvalid):
    """The server does not know the method: it has no tools, or wants a handshake first."""


class _Asking:
    """One conversation with the server, in the newest revision that it knows."""

    def __init__(self, requests: OwnRequests) -> None:
        self._requests = requests
        self._ids = itertools.count(1)

    async def list_tools(self) -> Sequence[Tool]:
        """Every page; none of a server that knows no tools. Raises `UpstreamError`."""
        modern = [(_REVISION, _MODERN.encode()), (b"Mcp-Method", b"tools/list")]
        try:
            return await self._pages(modern, {"_meta": _META})
        except UpstreamError as refused:
            try:
                return await self._list_after_handshake()
            except UpstreamError:
                if isinstance(refused, _UnknownMethod):
                    return ()
                raise

    async def _list_after_handshake(self) -> Sequence[Tool]:
        hello = {"protocolVersion": _LEGACY, "capabilities": {}, "clientInfo": _SELF}
        result, session = await self._request("initialize", hello, [])
        fields = [(_REVISION, _agreed_revision(result))]
        if session:
            fields.append((_SESSION, session))
        note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        (await self._requests.send(b"POST", note, fields)).close()
        try:
            return await self._pages(fields, {})
        except _UnknownMethod:
            return ()
        finally:
            if session:
                (await self._requests.send(b"DELETE", None, fields)).close()

    async def _pages(self, fields: Sequence[Field], params: Mapping[str, object]) -> list[Tool]:
        tools: list[Tool] = []
        cursor: Mapping[str, object] = {}
        for _ in range(_MAX_PAGES):
            result, _ = await self._request("tools/list", {**params, **cursor}, fields)
            page = result.get("tools")
            if not isinstance(page, list):
                raise UpstreamInvalid("The MCP server sent no list of tools.")
            tools += [each for each in page if isinstance(each, dict) and "name" in each]
            if not result.get("nextCursor"):
                return tools
            cursor = {"cursor": result["nextCursor"]}
        raise UpstreamInvalid("The MCP server's list of tools does not end.", reason="too_long")

    async def _request(
        self, method: str, params: Mapping[str, object], fields: Sequence[Field]
    ) -> tuple[Mapping[str, object], bytes | None]:
        number = next(self._ids)
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        response = await self._requests.send(b"POST", message, fields)
        try:
            sessions = values_of(response.headers, _SESSION.lower())
            return await _result(response, number), parse_session_id(sessions)
        finally:
            response.close()


def _agreed_revision(greeting: Mapping[str, object]) -> bytes:
    revision = greeting.get("protocolVersion", _LEGACY)
    if not isinstance(revision, str) or len(revision) > _MAX_REVISION_CHARS:
        raise UpstreamInvalid("The MCP server names no revision in its greeting.")
    return revision.encode(errors="surrogatepass")  # what no header can hold is refused there


async def _result(response: UpstreamResponse, number: int) -> Mapping[str, object]:
    types = values_of(response.headers, b"content-type")
    events = bool(types) and types[0].lower().startswith(b"text/event-stream")
    decoder = _decoder(response)
    body = decoder.feed(response.body or b"")
    while len(body) <= MAX_BYTES:
        for text in messages_in(body) if events else (body,):
            found = _answer(text, number)
            if found is not None:
                return found
        piece = await response.read() if response.body is None else b""
        if not piece:
            break
        body += decoder.feed(piece)
    seen = f"status {response.status}, content type {shown(types[0]) if types else 'none'}"
    raise UpstreamInvalid("The MCP server does not list its tools.", seen=seen)


def _answer(text: bytes, number: int) -> Mapping[str, object] | None:
    try:
        message = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    if not isinstance(message, dict) or message.get("id") != number:
        return None
    error = message.get("error")
    if isinstance(error, dict) and error.get("code") == METHOD_NOT_FOUND:
        raise _UnknownMethod("The MCP server has no tools.")
    result = message.get("result")
    return result if isinstance(result, dict) else None


def _decoder(response: UpstreamResponse) -> StreamRewriter:
    codings = applied_codings(values_of(response.headers, b"content-encoding"))
    return Decoder(codings, MAX_BYTES) if codings else Rewriters(())
