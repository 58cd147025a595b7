"""`mcpgw key`: make, list, revoke and check the API keys of a file."""

import json
import os
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from gateway.cli.edited_file import EditedFile, text_table
from gateway.config.load import load_config
from gateway.config.reading.entry_list import format_time, parse_time
from gateway.config.scalars import parse_duration
from gateway.identity.api_keys.api_key import (
    RANDOM_BYTES,
    has_good_checksum,
    hash_key,
    is_key,
    key_id,
    make_key,
)
from gateway.identity.api_keys.api_key_file import ApiKeyEntry, dump_keys, parse_keys

EXIT_FAILED = 1

config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    default=Path("config.yaml"),
    show_default=True,
    help="Configuration whose api_keys.file is meant.",
)
file_option = click.option(
    "--file", "file_path", type=click.Path(path_type=Path), help="File of keys, instead."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(name="key")
def command() -> None:
    """Make, list, revoke and check API keys."""


@command.command(name="new")
@click.option("--subject", required=True, help="Who the key speaks for.")
@click.option("--scope", "scopes", multiple=True, help="Scopes; repeatable or space-separated.")
@click.option("--group", "groups", multiple=True, help="Group of the subject; repeatable.")
@click.option("--role", "roles", multiple=True, help="Role of the subject; repeatable.")
@click.option(
    "--server", "servers", multiple=True, show_default="all", help="Server it opens; repeatable."
)
@click.option("--name", help="What the key is for.")
@click.option("--expires", help="How long it lives, such as 90d, or until when: 2027-01-01.")
@file_option
@config_option
@json_option
def new(  # noqa: PLR0913  # one parameter per flag is how click works
    *,
    subject: str,
    scopes: tuple[str, ...],
    groups: tuple[str, ...],
    roles: tuple[str, ...],
    servers: tuple[str, ...],
    name: str | None,
    expires: str | None,
    file_path: Path | None,
    config_path: Path,
    as_json: bool,
) -> None:
    """Add a key to the file and print it, this one time."""
    now = time.time()
    key = make_key(secrets.token_bytes(RANDOM_BYTES))
    entry = ApiKeyEntry(
        hash_key(key),
        subject,
        name=name,
        scopes=frozenset(" ".join(scopes).split()),
        groups=groups,
        roles=roles,
        servers=frozenset(servers),
        created_at=now,
        expires_at=_expiry(expires, now),
    )
    _check_flags(entry)
    with _find_file(file_path, config_path, servers).editing(may_be_new=True) as entries:
        entries.append(entry)
    click.echo(json.dumps({"key": key, **_describe(entry, now)}) if as_json else key)
    click.echo("mcpgw: keep it now, it is not shown again", err=True)
    if entry.expires_at is None:
        click.echo("mcpgw: it never expires; --expires 90d would end it", err=True)


@command.command(name="list")
@file_option
@config_option
@json_option
def list_(file_path: Path | None, config_path: Path, as_json: bool) -> None:
    """Show what is known about every key."""
    now = time.time()
    described = [_describe(each, now) for each in _find_file(file_path, config_path).entries()]
    click.echo(json.dumps(described) if as_json else _table(described))


@command.command(name="revoke")
@click.argument("named", metavar="ID|SUBJECT")
@file_option
@config_option
def revoke(named: str, file_path: Path | None, config_path: Path) -> None:
    """Take the key of an ID, or all keys of a SUBJECT, out of the file.

    Exit code 1 when there is none.
    """
    with _find_file(file_path, config_path).editing() as entries:
        revoked = [each for each in entries if named in (key_id(each.hash), each.subject)]
        entries[:] = [each for each in entries if each not in revoked]
    if not revoked:
        click.echo("mcpgw: no key has this id or subject", err=True)
        sys.exit(EXIT_FAILED)
    count = "1 key" if len(revoked) == 1 else f"{len(revoked)} keys"
    click.echo(f"revoked {count}: {', '.join(key_id(each.hash) for each in revoked)}")


@command.command(name="check")
@click.argument("key")
@file_option
@config_option
@json_option
def check(key: str, file_path: Path | None, config_path: Path, as_json: bool) -> None:
    """Say whether KEY (`-`: read it from standard input) is usable; it is never printed.

    Exit code 0 when it is, 1 when not.
    """
    text = (sys.stdin.read() if key == "-" else key).strip()
    report: dict[str, object] = {"format": is_key(text), "checksum": has_good_checksum(text)}
    if report["checksum"]:
        report["id"] = key_id(hash_key(text))
        entries = {each.hash: each for each in _find_file(file_path, config_path).entries()}
        entry = entries.get(hash_key(text))
        report["known"] = entry is not None
        if entry is not None:
            report |= _describe(entry, time.time())
    complaint = _complaint(report)
    report["verdict"] = "refused" if complaint else "usable"
    click.echo(json.dumps(report, indent=None if as_json else 2))
    if complaint:
        click.echo(f"mcpgw: {complaint}", err=True)
        sys.exit(EXIT_FAILED)


def _complaint(report: dict[str, object]) -> str | None:
    if not report["format"]:
        return "an API key begins with mcpgw_"
    if not report["checksum"]:
        return "the checksum is wrong: a character is missing or not the right one"
    if not report["known"]:
        return "no key of the file"
    return f"expired at {report['expires']}" if report["expired"] else None


def _describe(entry: ApiKeyEntry, now: float) -> dict[str, object]:
    created, expires = entry.created_at, entry.expires_at
    return {
        "id": key_id(entry.hash),
        "subject": entry.subject,
        "client_id": entry.client_id,
        "name": entry.name,
        "scopes": sorted(entry.scopes),
        "groups": list(entry.groups),
        "roles": list(entry.roles),
        "servers": sorted(entry.servers),
        "created": None if created is None else format_time(created),
        "expires": None if expires is None else format_time(expires),
        "expired": expires is not None and now >= expires,
    }


def _table(described: Sequence[dict[str, object]]) -> str:
    columns = ("id", "subject", "name", "scopes", "servers", "created", "expires")
    rows = [tuple(_cell(each, column) for column in columns) for each in described]
    return text_table([columns, *rows])


def _cell(described: dict[str, object], column: str) -> str:
    value = described[column]
    if column == "servers" and not value:
        return "all"
    if column == "expires":
        return f"{value or 'never'}{' (expired)' if described['expired'] else ''}"
    return " ".join(value) if isinstance(value, list) else str(value or "")


def _expiry(text: str | None, now: float) -> float | None:
    if text is None:
        return None
    try:
        moment = parse_time(text) if "-" in text else now + _duration_s(text)
        format_time(moment)  # the file could not hold a year of five digits
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(
            "expected a duration such as 90d, or a day such as 2027-01-01", param_hint="--expires"
        ) from error
    if moment <= now:
        raise click.BadParameter("that is over already", param_hint="--expires")
    return moment


def _duration_s(text: str) -> float:
    duration_s = parse_duration(text)
    if not isinstance(duration_s, float):
        raise ValueError(text)
    return duration_s


def _check_flags(entry: ApiKeyEntry) -> None:
    try:
        parse_keys(dump_keys([entry]))
    except ValueError as error:
        raise click.UsageError(f"This makes no entry of the file: {error}.") from error


def _find_file(
    file_path: Path | None, config_path: Path, servers: Sequence[str] = ()
) -> EditedFile[ApiKeyEntry]:
    path = file_path or _configured_file(config_path, servers)
    return EditedFile(path, lambda text: parse_keys(text).values(), dump_keys)


def _configured_file(config_path: Path, servers: Sequence[str]) -> Path:
    config = load_config(config_path, os.environ)
    if config.api_keys is None:
        raise click.ClickException(
            f"{config_path} sets no `api_keys.file`. Set it, or name a file with --file."
        )
    if unknown := sorted(set(servers) - set(config.servers)):
        raise click.BadParameter(
            f"no {', '.join(unknown)} among {', '.join(sorted(config.servers))}",
            param_hint="--server",
        )
    return config.api_keys.file
