"""`mcpgw policy`: look at rules before they count."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

import click
import yaml

from gateway.cli.token import choose_server, config_option
from gateway.config.load import load_config
from gateway.config.model import Config, Server
from gateway.errors import GatewayError
from gateway.policy.lint import lint as lint_rules
from gateway.policy.lint import lint_tools
from gateway.policy.suggest import suggest_rules

EXIT_FOUND = 1


@click.group(name="policy")
def command() -> None:
    """Check rules, and make them from an audit log."""


@command.command(name="lint")
@config_option
@click.option("--server", "server_name", help="Only this server.")
@click.option("--online", is_flag=True, help="Ask the servers for their tools too.")
def lint(config_path: Path, server_name: str | None, online: bool) -> None:
    """Find rules that cannot mean what they say. Exit code 1 when there are any."""
    config = load_config(config_path, os.environ)
    names = [server_name] if server_name else list(config.servers)
    found = [
        f"{name}: {complaint}"
        for name in names
        for complaint in _complaints(config, choose_server(config, name), online)
    ]
    for line in found:
        click.echo(line)
    if found:
        sys.exit(EXIT_FOUND)
    click.echo("Nothing to complain about.", err=True)


@command.command(name="suggest")
@click.argument("audit", type=click.File(encoding="utf-8"))
@click.option("--server", "server_name", help="Only calls of this server.")
def suggest(audit: TextIO, server_name: str | None) -> None:
    """Print the narrowest `rules:` for what AUDIT (`-`: standard input) says was called."""
    events = (event for event in _events(audit) if server_name in (None, event.get("server")))
    rules = suggest_rules(events)
    click.echo(yaml.safe_dump({"rules": rules}, sort_keys=False, default_flow_style=None), nl=False)


def _complaints(config: Config, server: Server, online: bool) -> Iterator[str]:
    if server.rules is None:
        return
    yield from lint_rules(server.rules, config.roles)
    if online:
        try:
            tools = asyncio.run(_tools_of(server))
        except GatewayError as error:
            yield f"its tools are not known: {error.__cause__ or error}"
            return
        yield from lint_tools(server.rules, tools)


async def _tools_of(server: Server) -> list[str]:
    # Loaded here: the other commands need no network.
    from gateway.proxy.upstream.gateway_requests import OwnRequests
    from gateway.proxy.upstream.pool import UpstreamPool
    from gateway.proxy.upstream.target import build_tls, parse_target
    from gateway.proxy.upstream.tool_catalogue import ToolCatalogue
    from gateway.proxy.upstream.upstream_limits import PoolLimits
    from gateway.resilience.single_flight import SingleFlight

    upstream, timeouts = server.upstream, server.timeouts
    tls = None
    if upstream.url.startswith("https://"):
        tls = build_tls(upstream.ca_file, upstream.client_cert_file, upstream.client_key_file)
    target = parse_target(upstream.url, tls)
    first_byte_s, idle_s = timeouts.first_byte, timeouts.idle_stream
    pool = UpstreamPool(target, PoolLimits(2, 2, 5.0, 4.0, timeouts.connect, first_byte_s, idle_s))
    try:
        async with asyncio.TaskGroup() as group:
            catalogue = ToolCatalogue(
                OwnRequests(pool, target, ()), SingleFlight(group), time.monotonic
            )
            # Raised inside the group, an error would come out wrapped.
            found = await asyncio.gather(catalogue.tools(), return_exceptions=True)
    finally:
        await pool.aclose()
    (tools,) = found
    if isinstance(tools, BaseException):
        raise tools
    return sorted(tools)


def _events(audit: TextIO) -> Iterator[Mapping[str, object]]:
    for number, line in enumerate(audit, 1):
        if not line.strip():
            continue
        try:
            event = json.loads(line)
        except ValueError:
            click.echo(f"line {number} is no JSON and is left out", err=True)
            continue
        if not isinstance(event, dict):
            continue
        yield event
