"""The command line: finds the command, loads only what it needs, and turns errors into exit codes.

Exit codes: 0 done, 1 a check failed, 2 wrong usage, 78 bad configuration (sysexits.h EX_CONFIG).
"""

import gc
import importlib
import sys
from collections.abc import Mapping

import click

from gateway.errors import ConfigError

EX_CONFIG = 78
# Imported only when called: `--help` and completion stay under 100 ms.
_COMMANDS: Mapping[str, str] = {
    "run": "Run the gateway.",
    "config": "Check, print or describe a configuration.",
    "token": "Issue and inspect access tokens; with a URL, print that of a login.",
    "key": "Make, list, revoke and check API keys.",
    "user": "Make, list, change and remove local accounts.",
    "explain": "Say whether a caller may do something, and why.",
    "policy": "Check rules, and suggest them from an audit log.",
    "login": "Log in to a protected MCP server.",
    "whoami": "Show as whom you are logged in to a server.",
    "status": "Show every login that is kept.",
    "refresh": "Renew the token of a login now.",
    "logout": "Revoke the tokens of a login and forget them.",
    "call": "List the tools of an MCP server, or call one.",
    "version": "Print the version.",
}
_OF_CLIENT = frozenset({"login", "whoami", "status", "refresh", "logout", "call"})


class LazyGroup(click.Group):
    """A group whose commands live in files of their names, as `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command, in the order of the table."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None when there is none of that name."""
        if cmd_name not in _COMMANDS:
            return None
        room = "gateway.cli.client" if cmd_name in _OF_CLIENT else "gateway.cli"
        return _import_command(f"{room}.{cmd_name}")

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; `token` with a URL is the client's, which loads no configuration."""
        if args[0] == "token" and "://" in "".join(args[1:2]):
            return "token", _import_command("gateway.cli.client.access_token"), args[1:]
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


def _import_command(module: str) -> click.Command | None:
    command = importlib.import_module(module).command
    return command if isinstance(command, click.Command) else None


@click.command(cls=LazyGroup)
@click.version_option(package_name="mcp-auth-gateway", prog_name="mcpgw")
def cli() -> None:
    """Turn any MCP server into an OAuth 2.1 protected resource."""


def main() -> None:
    """Run the command line and exit."""
    # Imports make nothing but what stays: collecting among it takes 200 of 700 ms. `run` enables
    # it again, the other commands end before it would matter.
    gc.disable()
    try:
        cli(prog_name="mcpgw")
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(EX_CONFIG)
