"""`mcpgw whoami`: what is known of a login and of the person in its token."""

import json
import time
from collections.abc import Mapping

import click

from gateway.cli.client.acting import (
    described,
    explained,
    issuer_option,
    json_option,
    login_for,
    printable,
    token_file,
    url_argument,
)
from gateway.errors import GatewayError


@click.command(name="whoami")
@url_argument
@issuer_option
@json_option
def command(url: str, issuer: str | None, as_json: bool) -> None:
    """Show as whom you are logged in to the MCP server at URL.

    What a token says is read, not verified: that is the server's business.
    """
    with explained():
        login = login_for(token_file(), url, issuer)
    report = described(login, time.time())
    report["claims"] = _claims(login.tokens.access_token)
    click.echo(json.dumps(report) if as_json else printable(_lines(report)))


def _claims(token: str) -> Mapping[str, object] | None:
    # cryptography costs 50 ms that the other commands need not pay.
    from gateway.identity.token.compact import parse_compact

    try:
        return parse_compact(token).claims
    except GatewayError:
        return None  # opaque: only its issuer can read it


def _lines(report: Mapping[str, object]) -> str:
    claims = report["claims"]
    rows = [(name, value) for name, value in report.items() if name != "claims"]
    if isinstance(claims, Mapping):
        rows += [(f"token {name}", value) for name, value in claims.items()]
    else:
        rows.append(("token", "opaque: only its issuer can read it"))
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name.ljust(width)}  {_text(value)}" for name, value in rows)


def _text(value: object) -> str:
    match value:
        case None:
            return "unknown"
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)
