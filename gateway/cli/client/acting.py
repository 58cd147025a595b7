"""What the commands of the client share: their flags, their loop, and how they fail."""

import asyncio
import os
import re
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from gateway.client.failure import ClientFailure, LoginNeeded
from gateway.client.tokens.logins import Login, find_login
from gateway.client.tokens.token_file import TokenFile, state_folder
from gateway.client.urls import parse_server_url

EXIT_FAILED = 1
_Found = TypeVar("_Found")
# All controls but tab and line feed: a server's text must not drive the terminal.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class ServerUrl(click.ParamType[str]):
    """The URL of an MCP server."""

    name = "url"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read it; a usage error says what to write instead."""
        try:
            return parse_server_url(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


url_argument = click.argument("url", type=ServerUrl())
issuer_option = click.option("--issuer", help="Issuer, where you are logged in to several.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def token_file() -> TokenFile:
    """The file of the user who runs this."""
    return TokenFile(state_folder(os.environ))


@contextmanager
def explained() -> Iterator[None]:
    """Say in one line what failed and what to do, and end with 1."""
    try:
        yield
    except ClientFailure as failure:
        click.echo(f"mcpgw: {failure}", err=True)
        sys.exit(EXIT_FAILED)


def act(work: Callable[[], Coroutine[Any, Any, _Found]]) -> _Found:
    """Run one command's work in a loop of its own."""
    with explained():
        return asyncio.run(work())


def login_for(file: TokenFile, url: str, issuer: str | None) -> Login:
    """The login that a command is about. Raises `LoginNeeded`."""
    login = find_login(file.read(), url, issuer)
    if login is None:
        named = f" at {issuer}" if issuer else ""
        raise LoginNeeded(url, f"nobody is logged in to {url}{named}")
    return login


def printable(text: str) -> str:
    """What a server wrote, without what would drive a terminal."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def moment(seconds: float | None) -> str | None:
    """A Unix time as people read it, in UTC; None for none."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def described(login: Login, now: float) -> dict[str, object]:
    """What is known of a login, without a credential."""
    tokens = login.tokens
    return {
        "server": login.server_url,
        "resource": login.resource,
        "issuer": login.issuer,
        "client_id": login.registration.client_id,
        "scopes": None if tokens.scopes is None else list(tokens.scopes),
        "expires": moment(tokens.expires_at),
        "expired": tokens.expires_at is not None and now >= tokens.expires_at,
        "renewable": tokens.refresh_token is not None,
        "logged_in": moment(login.logged_in_at),
    }


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows with their cells below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
