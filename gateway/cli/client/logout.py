"""`mcpgw logout`: revoke the tokens of a login and forget them."""

import sys

import click

from gateway.cli.client.acting import (
    EXIT_FAILED,
    act,
    issuer_option,
    login_for,
    moment,
    token_file,
    url_argument,
)
from gateway.client.failure import ClientFailure
from gateway.client.tokens.logins import Login, without_login


@click.command(name="logout")
@url_argument
@issuer_option
def command(url: str, issuer: str | None) -> None:
    """Revoke the tokens for the MCP server at URL, then forget them.

    They are forgotten here in any case. Exit code 1 when the issuer could not be told.
    """
    failure = act(lambda: _log_out(url, issuer))
    click.echo(f"logged out of {url}")
    if failure is not None:
        click.echo(f"mcpgw: {failure}", err=True)
        sys.exit(EXIT_FAILED)


async def _log_out(url: str, issuer: str | None) -> str | None:
    # aiohttp costs 200 ms that `--help` need not pay.
    from gateway.client.tokens.revoke import revoke
    from gateway.client.web import Web

    file = token_file()
    login = login_for(file, url, issuer)
    # While no other process renews it: what it got would outlive the logout.
    with file.exchanging(login.key):
        login = login_for(file, url, issuer)
        file.change(lambda logins: without_login(logins, login.key))
        try:
            async with Web() as web:
                await revoke(web, login)
        except ClientFailure as failure:
            return f"{failure}; the token is forgotten here, {_end(login)}"
    return None


def _end(login: Login) -> str:
    end = moment(login.tokens.expires_at)
    return f"and good until {end}" if end else "and stays good as long as its issuer says"
