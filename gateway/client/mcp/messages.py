"""What a client reads in answers and writes into requests: JSON-RPC 2.0, MCP. Pure."""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.client.failure import ClientFailure
from gateway.errors import UpstreamInvalid
from gateway.mcp.parameter_headers import parameter_headers
from gateway.mcp.sse import DataRewriter
from gateway.strict_json import parse_json

MODERN = "2026-07-28"
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
_PLAIN = re.compile(r"[\x21-\x7E](?:[\x20-\x7E]*[\x21-\x7E])?")


class RpcError(ClientFailure):
    """The server answers a request with an error: JSON-RPC 2.0 §5.1; `details` are its `data`."""

    def __init__(self, code: int, text: str, details: Mapping[str, object]) -> None:
        super().__init__(f"the server answers: {text} ({code})")
        self.code = code
        self.details = details


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a call is; `total` and `message` are None where the server does not say."""

    progress: float
    total: float | None = None
    message: str | None = None


class EventStream:
    """Takes the messages out of an event stream as it comes."""

    def __init__(self) -> None:
        self._found: list[bytes] = []
        self._events = DataRewriter(self._take, MAX_MESSAGE_BYTES)

    def feed(self, piece: bytes) -> Sequence[bytes]:
        """The data of each event that is complete now; one that is cut at the end counts nothing.

        Raises `ClientFailure` for an event that is too long.
        """
        try:
            self._events.feed(piece)
        except UpstreamInvalid as error:
            raise ClientFailure("the server sent an event without end") from error
        found, self._found = self._found, []
        return found

    def _take(self, data: bytes) -> bytes:
        self._found.append(data)
        return data


def parse_messages(text: bytes) -> Iterator[Mapping[str, object]]:
    """The JSON-RPC messages of a body or an event, of a batch each; nothing else is one."""
    try:
        value = parse_json(text)
    except ValueError:
        return
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            yield each


def result_of(answer: Mapping[str, object]) -> Mapping[str, object]:
    """The result in a response. Raises `RpcError` for an error."""
    error, result = answer.get("error"), answer.get("result")
    if isinstance(error, Mapping):
        code, details = error.get("code"), error.get("data")
        raise RpcError(
            code if isinstance(code, int) else 0,
            str(error.get("message") or "an error without a word"),
            details if isinstance(details, Mapping) else {},
        )
    return result if isinstance(result, Mapping) else {}


def progress_in(message: Mapping[str, object], token: int) -> Progress | None:
    """How far the call with this progress token is; None when a message is about something else."""
    params = message.get("params")
    if message.get("method") != "notifications/progress" or not isinstance(params, Mapping):
        return None
    progress, total, text = (params.get(name) for name in ("progress", "total", "message"))
    if params.get("progressToken") != token or not isinstance(progress, int | float):
        return None
    return Progress(
        float(progress),
        float(total) if isinstance(total, int | float) else None,
        text if isinstance(text, str) else None,
    )


def mirrored_headers(tool: Mapping[str, object], arguments: Mapping[str, object]) -> dict[str, str]:
    """The headers that repeat arguments where the tool's schema asks for them (`x-mcp-header`)."""
    headers: dict[str, str] = {}
    for each in parameter_headers(tool):
        value: object = arguments
        for key in each.path:
            value = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, bool):
            headers[each.header] = "true" if value else "false"
        elif isinstance(value, int | str):
            headers[each.header] = encode_header(str(value))
    return headers


def encode_header(text: str) -> str:
    """Write a value so that a header holds it: MCP 2026-07-28, Value Encoding.

    >>> encode_header("grün")
    '=?base64?Z3LDvG4=?='
    """
    if not text or (_PLAIN.fullmatch(text) and not text.startswith("=?base64?")):
        return text
    return f"=?base64?{base64.b64encode(text.encode()).decode('ascii')}?="
