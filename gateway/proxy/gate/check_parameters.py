"""Comparing the headers that repeat arguments with the body, by what the server publishes."""

from collections.abc import Sequence

from gateway.errors import HeaderMismatch, IdentityUnavailable
from gateway.http.head import Head
from gateway.mcp.arguments import parse_arguments
from gateway.mcp.message import Message
from gateway.mcp.operation import Operation
from gateway.mcp.parameter_headers import (
    ParameterHeader,
    check_parameter_headers,
    has_parameter_headers,
)
from gateway.mcp.revisions import mirrors_headers
from gateway.proxy.upstream.tool_catalogue import ToolCatalogue
from gateway.resilience.time_limit import time_limit

_TIMEOUT_S = 1.0
_NEWER_S = 2.0  # a list this old may be behind that of the client


async def check_parameters(catalogue: ToolCatalogue, head: Head, operation: Operation) -> None:
    """Refuse a call whose headers say something else than its arguments.

    Headers of a tool that the gateway does not know pass: it does not recognise them. The
    server is asked for its tools only when there is such a header. Raises `HeaderMismatch`,
    and `InvalidMessage` for arguments that can be read in two ways.
    """
    if not mirrors_headers(operation.revision):
        return
    asks = has_parameter_headers(head.headers)
    for message in operation.messages:
        if message.method == "tools/call" and message.name is not None:
            wanted = await _wanted(catalogue, message.name, None if asks else float("inf"))
            await _check(catalogue, head, message, wanted)


async def _check(
    catalogue: ToolCatalogue, head: Head, message: Message, wanted: Sequence[ParameterHeader]
) -> None:
    if not wanted:
        return
    arguments = parse_arguments(message.arguments)
    try:
        check_parameter_headers(wanted, arguments, head.headers)
    except HeaderMismatch:
        newer = await _wanted(catalogue, str(message.name), _NEWER_S)
        check_parameter_headers(newer, arguments, head.headers)


async def _wanted(
    catalogue: ToolCatalogue, name: str, fresh_s: float | None
) -> Sequence[ParameterHeader]:
    try:
        async with time_limit(_TIMEOUT_S):
            return await catalogue.parameters_of(name, fresh_s)
    except (IdentityUnavailable, TimeoutError):
        return ()
