"""`mcpgw version`."""

import platform
from importlib.metadata import version

import click


@click.command(name="version")
def command() -> None:
    """Print the version of the gateway and of Python."""
    click.echo(f"mcpgw {version('mcp-auth-gateway')} (Python {platform.python_version()})")
