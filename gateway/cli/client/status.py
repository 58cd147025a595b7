"""`mcpgw status`: every login that is kept."""

import json
import time

import click

from gateway.cli.client.acting import (
    described,
    explained,
    json_option,
    printable,
    table,
    token_file,
)

_COLUMNS = ("server", "issuer", "scopes", "expires", "renewable")


@click.command(name="status")
@json_option
def command(as_json: bool) -> None:
    """Show every login that is kept, and until when its token is good."""
    with explained():
        reports = [described(each, time.time()) for each in token_file().read()]
    if as_json:
        click.echo(json.dumps(reports))
    elif not reports:
        click.echo("no login is kept; `mcpgw login URL` makes one")
    else:
        rows = [tuple(each.upper() for each in _COLUMNS)]
        rows += [tuple(_cell(each, column) for column in _COLUMNS) for each in reports]
        click.echo(printable(table(rows)))


def _cell(report: dict[str, object], column: str) -> str:
    value = report[column]
    match column:
        case "expires":
            return f"{value or 'unknown'}{' (expired)' if report['expired'] else ''}"
        case "renewable":
            return "yes" if value else "no"
        case _:
            return " ".join(value) if isinstance(value, list) else str(value or "as asked")
