"""`mcpgw user`: make, list, change and remove the local accounts of a file."""

import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import click

from gateway.app.sealing_key import KEY_FILE, sealing_key
from gateway.authserver.accounts.account import Account, fold_name
from gateway.authserver.accounts.account_file import dump_accounts, parse_accounts
from gateway.authserver.accounts.one_time_codes import SECRET_BYTES, CodeSecrets, app_uri
from gateway.authserver.accounts.password import (
    RANDOM_BYTES,
    check_new_password,
    decoys,
    hash_password,
    make_password,
)
from gateway.authserver.accounts.place import accounts_path
from gateway.cli.edited_file import EditedFile, text_table
from gateway.config.load import load_config
from gateway.config.model import Config
from gateway.config.reading.entry_list import format_time
from gateway.sealing.seal import Seal

EXIT_FAILED = 1

CONFIG = Path("config.yaml")

file_option = click.option(
    "--file",
    "file_path",
    type=click.Path(path_type=Path),
    callback=lambda context, _, value: value or _configured(context),
    help="File of accounts.",
    show_default="that of config.yaml",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
stdin_option = click.option(
    "--password-stdin", "from_stdin", is_flag=True, help="Read the password from standard input."
)
generate_option = click.option(
    "--generate", is_flag=True, help="Make a password up and print it, this one time."
)
name_argument = click.argument("name", metavar="NAME")


@click.group(name="user")
def command() -> None:
    """Make, list, change and remove local accounts."""


@command.command(name="add")
@name_argument
@click.option("--subject", show_default="NAME", help="What tokens say (`sub`).")
@click.option("--email", help="E-mail address.")
@click.option("--display-name", help="How the person is called.")
@click.option("--group", "groups", multiple=True, help="Group of the person; repeatable.")
@stdin_option
@generate_option
@file_option
def add(  # noqa: PLR0913  # one parameter per flag is how click works
    *,
    name: str,
    subject: str | None,
    email: str | None,
    display_name: str | None,
    groups: tuple[str, ...],
    from_stdin: bool,
    generate: bool,
    file_path: Path,
) -> None:
    """Add an account; its password is asked for, and never an argument."""
    account = Account(name, subject or name, decoys(())[0], email, display_name, groups)
    _check_flags(account)
    file = _file(file_path)
    _check_new(file.entries(may_be_new=True), name)  # before somebody types a password in vain
    password_hash = _new_hash(name, from_stdin, generate)
    with file.editing(may_be_new=True) as accounts:
        _check_new(accounts, name)
        accounts.append(replace(account, password_hash=password_hash, password_set_at=time.time()))
    click.echo(f"mcpgw: added {name}", err=True)


@command.command(name="passwd")
@name_argument
@stdin_option
@generate_option
@file_option
def passwd(*, name: str, from_stdin: bool, generate: bool, file_path: Path) -> None:
    """Set another password. Who is logged in must log in again."""
    _known(_file(file_path).entries(), name)  # before somebody types a password in vain
    password_hash, now = _new_hash(name, from_stdin, generate), time.time()
    _change(
        file_path,
        name,
        lambda each: replace(each, password_hash=password_hash, password_set_at=now),
    )
    click.echo(f"mcpgw: changed the password of {name}", err=True)


@command.command(name="list")
@file_option
@json_option
def list_(file_path: Path, as_json: bool) -> None:
    """Show every account, without hashes."""
    described = [_describe(each) for each in _file(file_path).entries()]
    if as_json:
        click.echo(json.dumps(described))
        return
    columns = ("name", "subject", "email", "display_name", "groups", "totp", "disabled")
    rows = [tuple(_cell(each[column]) for column in columns) for each in described]
    click.echo(text_table([columns, *rows]))


@command.command(name="disable")
@name_argument
@file_option
def disable(name: str, file_path: Path) -> None:
    """Keep somebody out; nobody else can get the name."""
    _change(file_path, name, lambda each: replace(each, disabled=True))
    click.echo(f"mcpgw: disabled {name}", err=True)


@command.command(name="enable")
@name_argument
@file_option
def enable(name: str, file_path: Path) -> None:
    """Let somebody in again who was disabled."""
    _change(file_path, name, lambda each: replace(each, disabled=False))
    click.echo(f"mcpgw: enabled {name}", err=True)


@command.command(name="remove")
@name_argument
@file_option
def remove(name: str, file_path: Path) -> None:
    """Take an account out of the file; the next of the same name is taken for the same person."""
    with _file(file_path).editing() as accounts:
        accounts.remove(_known(accounts, name))
    click.echo(f"mcpgw: removed {name}", err=True)


@command.command(name="totp")
@name_argument
@click.option("--off", is_flag=True, help="Ask for no code any longer.")
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    default=CONFIG,
    show_default=True,
    is_eager=True,
    help="Configuration of the gateway, whose key seals the secret.",
)
@file_option
def totp(*, name: str, off: bool, config_path: Path, file_path: Path) -> None:
    """Ask for a one-time code at each login; prints what the person's app must know, once."""
    account = _known(_file(file_path).entries(), name)
    if off:
        _change(file_path, name, lambda each: replace(each, code_secret=None))
        click.echo(f"mcpgw: {account.name} needs no code any longer", err=True)
        return
    config = load_config(config_path, os.environ)
    secret = secrets.token_bytes(SECRET_BYTES)
    sealed = CodeSecrets(Seal(_kept_key(config))).close(secret, account.subject, time.time())
    _change(file_path, name, lambda each: replace(each, code_secret=sealed))
    click.echo(app_uri(secret, account.name, urlsplit(config.public_url).netloc))
    click.echo("mcpgw: add it to the app now, it is not shown again", err=True)


def _configured(context: click.Context) -> Path:
    """Where the gateway of this folder has its accounts. Raises `ConfigError`."""
    config = load_config(context.params.get("config_path", CONFIG), os.environ)
    config.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return accounts_path(config)


def _kept_key(config: Config) -> bytes:
    key = sealing_key(config)
    if config.sealing_key is None and not (config.state_dir / KEY_FILE).exists():
        raise click.ClickException(f"{config.state_dir}: the sealing key cannot be kept there.")
    return key


def _file(path: Path) -> EditedFile[Account]:
    return EditedFile(path, lambda text: parse_accounts(text).by_name.values(), dump_accounts)


def _change(path: Path, name: str, change: Callable[[Account], Account]) -> None:
    with _file(path).editing() as accounts:
        account = _known(accounts, name)
        accounts[accounts.index(account)] = change(account)


def _check_new(accounts: Iterable[Account], name: str) -> None:
    if _of_name(accounts, name) is not None:
        raise click.UsageError(f"There is an account {name}: mcpgw user passwd changes it.")


def _of_name(accounts: Iterable[Account], name: str) -> Account | None:
    folded = fold_name(name)
    return next((each for each in accounts if fold_name(each.name) == folded), None)


def _known(accounts: Iterable[Account], name: str) -> Account:
    account = _of_name(accounts, name)
    if account is None:
        click.echo(f"mcpgw: there is no account {name}", err=True)
        sys.exit(EXIT_FAILED)
    return account


def _new_hash(name: str, from_stdin: bool, generate: bool) -> str:
    if generate:
        password = make_password(secrets.token_bytes(RANDOM_BYTES))
        click.echo(password)
        click.echo("mcpgw: keep it now, it is not shown again", err=True)
    elif from_stdin:
        password = sys.stdin.readline().rstrip("\n")
    elif sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        raise click.UsageError("No terminal to ask for the password: --password-stdin, --generate.")
    try:
        check_new_password(password, name)
    except UnicodeEncodeError:
        raise click.UsageError("The password is not UTF-8 text.") from None
    except ValueError as error:
        raise click.UsageError(f"This is no password to take: {error}.") from None
    return hash_password(password)


def _check_flags(account: Account) -> None:
    try:
        parse_accounts(dump_accounts([account]))
    except ValueError as error:
        raise click.UsageError(f"This makes no entry of the file: {error}.") from error


def _describe(account: Account) -> dict[str, object]:
    set_at = account.password_set_at
    return {
        "name": account.name,
        "subject": account.subject,
        "email": account.email,
        "display_name": account.display_name,
        "groups": list(account.groups),
        "disabled": account.disabled,
        "password_set": None if set_at is None else format_time(set_at),
        "totp": account.code_secret is not None,
    }


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return " ".join(value) if isinstance(value, list) else str(value or "")
