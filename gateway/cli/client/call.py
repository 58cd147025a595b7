"""`mcpgw call`: list the tools of an MCP server, or call one."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from gateway.cli.client.acting import (
    EXIT_FAILED,
    act,
    issuer_option,
    json_option,
    printable,
    token_file,
    url_argument,
)

if TYPE_CHECKING:  # aiohttp costs 200 ms that `--help` need not pay
    from gateway.client.mcp.messages import Progress

Members = Mapping[str, object]


@click.command(name="call")
@url_argument
@click.argument("tool", required=False)
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]...")
@issuer_option
@json_option
def command(
    url: str, tool: str | None, pairs: tuple[str, ...], issuer: str | None, as_json: bool
) -> None:
    """List the tools of the MCP server at URL, or call TOOL.

    Results go to standard output, progress to standard error. Exit code 1 when the tool fails.
    """
    from gateway.client.mcp.server_tools import ServerTools
    from gateway.client.web import Web

    async def list_tools() -> Sequence[Members]:
        async with Web() as web:
            return await ServerTools(web, token_file(), url, issuer).list_tools()

    async def result_of(name: str) -> Members:
        async with Web() as web:
            tools = ServerTools(web, token_file(), url, issuer)
            return await tools.call_tool(name, pairs, _show_progress)

    if tool is None:
        listed = act(list_tools)
        click.echo(json.dumps(listed) if as_json else printable(_listing(listed)))
        return
    result = act(lambda: result_of(tool))
    click.echo(json.dumps(result) if as_json else printable(_content(result)))
    if result.get("isError") is True:
        click.echo(f"mcpgw: {tool} failed", err=True)
        sys.exit(EXIT_FAILED)


def _show_progress(progress: "Progress") -> None:
    total = "" if progress.total is None else f"/{progress.total:g}"
    said = f" {progress.message}" if progress.message else ""
    click.echo(printable(f"{progress.progress:g}{total}{said}"), err=True)


def _listing(tools: Sequence[Members]) -> str:
    from gateway.client.mcp.arguments import signature

    if not tools:
        return "the server has no tools for you"
    lines = []
    for tool in tools:
        lines.append(f"{tool['name']} {signature(tool)}".rstrip())
        description = tool.get("description")
        if isinstance(description, str) and description.strip():
            lines.append(f"    {description.strip().splitlines()[0]}")
    return "\n".join(lines)


def _content(result: Members) -> str:
    content = result.get("content")
    parts = content if isinstance(content, list) else []
    return "\n".join(map(_part, parts)) or json.dumps(result.get("structuredContent", {}))


def _part(part: object) -> str:
    text = part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None
    return text if isinstance(text, str) else json.dumps(part, ensure_ascii=False)
