"""`mcpgw token URL`: print an access token that is good now."""

import time

import click

from gateway.cli.client.acting import (
    act,
    explained,
    issuer_option,
    login_for,
    token_file,
    url_argument,
)
from gateway.client.failure import ClientFailure, LoginNeeded
from gateway.client.tokens.logins import Login


@click.command(name="token")
@url_argument
@issuer_option
def command(url: str, issuer: str | None) -> None:
    """Print an access token for the MCP server at URL, renewed where it is about to expire.

    curl -H "Authorization: Bearer $(mcpgw token URL)" …
    """
    file = token_file()
    with explained():
        login = _kept(url, issuer)
    if not login.tokens.is_fresh(time.time()):
        # aiohttp costs 200 ms that a fresh token need not pay.
        from gateway.client.tokens.refresh import usable_login
        from gateway.client.web import Web

        async def work() -> Login:
            async with Web() as web:
                return await usable_login(web, file, login)

        login = act(work)
    click.echo(login.tokens.access_token)


def _kept(url: str, issuer: str | None) -> Login:
    try:
        return login_for(token_file(), url, issuer)
    except LoginNeeded:
        from gateway.client.mcp.session import FirstAnswer, ask_without_token
        from gateway.client.web import Web

        async def work() -> FirstAnswer:
            async with Web() as web:
                return await ask_without_token(web, url)

        answer = act(work)
        if not answer.refused and answer.failure is None:
            raise ClientFailure(f"{url} needs no token") from None
        raise
