"""`mcpgw refresh`: renew a token now."""

import json
import time

import click

from gateway.cli.client.acting import (
    act,
    described,
    issuer_option,
    json_option,
    login_for,
    token_file,
    url_argument,
)


@click.command(name="refresh")
@url_argument
@issuer_option
@json_option
def command(url: str, issuer: str | None, as_json: bool) -> None:
    """Renew the token for the MCP server at URL, whether it needs it or not."""
    # aiohttp costs 200 ms that `--help` need not pay.
    from gateway.client.tokens.logins import Login
    from gateway.client.tokens.refresh import renew
    from gateway.client.web import Web

    async def work() -> Login:
        file = token_file()
        async with Web() as web:
            return await renew(web, file, login_for(file, url, issuer))

    report = described(act(work), time.time())
    click.echo(json.dumps(report) if as_json else f"renewed, until {report['expires'] or '?'}")
