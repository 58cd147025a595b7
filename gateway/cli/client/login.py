"""`mcpgw login`: log in to a protected MCP server, as any MCP client does."""

import json
import os
import sys
import threading
import time
import webbrowser

import click

from gateway.cli.client.acting import act, described, json_option, token_file, url_argument

SECRET_VARIABLE = "MCPGW_CLIENT_SECRET"  # noqa: S105  # its name


@click.command(name="login")
@url_argument
@click.option("--scope", "scopes", multiple=True, help="Scopes; repeatable or space-separated.")
@click.option("--client-id", help="A client that the issuer knows, instead of a new one.")
@click.option(
    "--client-secret",
    "is_confidential",
    is_flag=True,
    help=f"It has a secret: {SECRET_VARIABLE}, else the first line of standard input.",
)
@click.option(
    "--client-metadata-url",
    envvar="MCPGW_CLIENT_METADATA_URL",
    help="A client metadata document, for issuers that take one.",
)
@click.option("--issuer", help="Issuer, where the server trusts several.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to come back to.")
@click.option("--device", is_flag=True, help="Show a code to type elsewhere: no browser here.")
@click.option("--no-browser", is_flag=True, help="Only print the URL.")
@json_option
def command(  # noqa: PLR0913  # one parameter per flag is how click works
    *,
    url: str,
    scopes: tuple[str, ...],
    client_id: str | None,
    is_confidential: bool,
    client_metadata_url: str | None,
    issuer: str | None,
    port: int,
    device: bool,
    no_browser: bool,
    as_json: bool,
) -> None:
    """Log in to the MCP server at URL and keep the tokens for the other commands."""
    # aiohttp costs 200 ms that `--help` need not pay.
    from gateway.client.login.log_in import LoginWishes, Terminal, log_in
    from gateway.client.login.registration import GivenClient
    from gateway.client.tokens.logins import Login, with_login
    from gateway.client.web import Web

    if is_confidential and client_id is None:
        raise click.UsageError("--client-secret belongs to a client: name it with --client-id.")
    wishes = LoginWishes(
        GivenClient(client_id, _secret() if is_confidential else None, client_metadata_url),
        " ".join(scopes).split(),
        issuer,
        port,
        device,
    )
    terminal = Terminal(_tell, _ignore if no_browser else browse)

    async def work() -> Login:
        file = token_file()
        file.read()  # what cannot be read is told before somebody logs in, not after
        async with Web() as web:
            login = await log_in(web, url, wishes, terminal)
        file.change(lambda logins: with_login(logins, login))
        return login

    report = described(act(work), time.time())
    click.echo(json.dumps(report) if as_json else _summary(report))


def _secret() -> str:
    # Never an argument: everybody on the machine can read those.
    secret = os.environ.get(SECRET_VARIABLE) or sys.stdin.readline().rstrip("\r\n")
    if not secret:
        raise click.UsageError(f"Write the secret to standard input, or set {SECRET_VARIABLE}.")
    return secret


def browse(url: str) -> None:
    """Open a page where there is a browser that is not a part of this terminal."""
    has_screen = any(os.environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))
    if not has_screen and sys.platform not in ("darwin", "win32"):
        return
    # A thread that nobody waits for: some browsers run until they are closed.
    threading.Thread(target=_open, args=(url,), daemon=True).start()


def _open(url: str) -> None:
    try:
        webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return  # the URL is on the screen


def _tell(line: str) -> None:
    click.echo(line, err=True)


def _ignore(url: str) -> None:
    pass


def _summary(report: dict[str, object]) -> str:
    end = f"until {report['expires']}" if report["expires"] else "without an end that is known"
    more = ", then renewed by itself" if report["renewable"] else ""
    return f"logged in to {report['server']} at {report['issuer']}, {end}{more}"
