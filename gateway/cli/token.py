"""`mcpgw token`: make a token of the embedded issuer, or see why a token is refused."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import click

from gateway.config.issuer import Issuer
from gateway.config.load import load_config
from gateway.config.model import Config, Server
from gateway.config.scalars import parse_duration
from gateway.identity.keys.local_issuer import Grant, LocalIssuer

EXIT_REFUSED = 1

config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    default=Path("config.yaml"),
    show_default=True,
    help="Configuration file.",
)
server_option = click.option("--server", "server_name", help="Server the token is for.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(name="token")
def command() -> None:
    """Make and inspect access tokens.

    `mcpgw token URL` prints the access token of a login: see `mcpgw login`.
    """


@command.command(name="issue")
@config_option
@server_option
@click.option("--subject", required=True, help="Who the token speaks for (`sub`).")
@click.option("--scope", "scopes", multiple=True, help="Scopes; repeatable or space-separated.")
@click.option("--email", help="E-mail address of the subject.")
@click.option("--name", help="Display name of the subject.")
@click.option("--group", "groups", multiple=True, help="Group of the subject; repeatable.")
@click.option("--role", "roles", multiple=True, help="Role of the subject; repeatable.")
@click.option("--client", "client_id", default="mcpgw-cli", show_default=True, help="`client_id`.")
@click.option("--expires-in", default="1h", show_default=True, help="Lifetime, such as 15m.")
@click.option("--audience", help="`aud`, instead of the server's resource.")
@json_option
def issue(  # noqa: PLR0913  # one parameter per flag is how click works
    *,
    config_path: Path,
    server_name: str | None,
    subject: str,
    scopes: tuple[str, ...],
    email: str | None,
    name: str | None,
    groups: tuple[str, ...],
    roles: tuple[str, ...],
    client_id: str,
    expires_in: str,
    audience: str | None,
    as_json: bool,
) -> None:
    """Print an access token signed by the embedded issuer."""
    config = load_config(config_path, os.environ)
    lifetime_s = _lifetime_s(expires_in)
    grant = Grant(
        subject=subject,
        audience=audience or choose_server(config, server_name).resource,
        client_id=client_id,
        scopes=frozenset(" ".join(scopes).split()),
        email=email,
        name=name,
        groups=groups,
        roles=roles,
        lifetime_s=lifetime_s,
    )
    token = _local_issuer(config).issue(grant, time.time())
    answer = {"access_token": token, "token_type": "Bearer", "expires_in": int(lifetime_s)}
    click.echo(json.dumps(answer) if as_json else token)


@command.command(name="inspect")
@click.argument("token")
@config_option
@server_option
@json_option
def inspect(token: str, config_path: Path, server_name: str | None, as_json: bool) -> None:
    """Decode TOKEN (`-`: read it from standard input) and say whether it would be accepted.

    Exit code 0 when this configuration accepts it, 1 when not.
    """
    # aiohttp costs 200 ms that the other commands need not pay.
    from gateway.cli.inspection import inspect_token

    config = load_config(config_path, os.environ)
    server = choose_server(config, server_name)
    text = (sys.stdin.read() if token == "-" else token).strip()  # noqa: S105  # not a password
    report = asyncio.run(inspect_token(config, server, text, time.time()))
    click.echo(json.dumps(report, indent=None if as_json else 2))
    if report["verdict"] != "accepted":
        setting = f" What decides is {report['setting']}." if report["setting"] else ""
        click.echo(f"mcpgw: {report['why']}{setting}", err=True)
        sys.exit(EXIT_REFUSED)


def choose_server(config: Config, name: str | None) -> Server:
    """The server that is meant; a usage error when nobody can tell."""
    servers: Mapping[str, Server] = config.servers
    only = next(iter(servers)) if len(servers) == 1 else ""
    chosen = name or config.default_server or only
    if chosen in servers:
        return servers[chosen]
    raise click.UsageError(f"Name a server with --server: {', '.join(sorted(servers))}.")


def _local_issuer(config: Config) -> LocalIssuer:
    local: list[Issuer] = [issuer for issuer in config.issuers.values() if issuer.local]
    if not local:
        raise click.ClickException(
            "This configuration has no embedded issuer (`issuer: local`). "
            "Get a token from the configured issuer instead."
        )
    return LocalIssuer.load_or_create(config.state_dir, local[0].issuer, config.issuer_keys)


def _lifetime_s(text: str) -> float:
    try:
        lifetime_s = parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--expires-in") from error
    if not isinstance(lifetime_s, float) or lifetime_s < 1:
        raise click.BadParameter("expected at least 1s", param_hint="--expires-in")
    return lifetime_s
