"""`mcpgw config`: look at a configuration without running it."""

import json
import os
import sys
import time
from pathlib import Path

import click

from gateway.cli.main import EX_CONFIG
from gateway.config.dump import dump_config
from gateway.config.load import Review, load_config, review_file
from gateway.config.reading.login import provider_redirect_uri
from gateway.config.reading.problems import (
    Finding,
    Place,
    Problem,
    conceal_url_user,
    path_text,
    render,
)
from gateway.config.schema import schema_text
from gateway.errors import ConfigError

_path = click.option(
    "--config", "path", type=click.Path(path_type=Path), default="config.yaml", show_default=True
)


@click.group(name="config")
def command() -> None:
    """Check, print or describe a configuration."""


@command.command()
@_path
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def check(path: Path, as_json: bool) -> None:
    """Show every mistake with its line, in files it names too; nothing is fetched."""
    if as_json:
        review = _with_files(_review_or_failure(path))
        click.echo(json.dumps(_as_json(review), indent=2))
    else:
        review = _with_files(review_file(path, os.environ))
        _show(review)
    sys.exit(0 if review.config is not None else EX_CONFIG)


@command.command(name="print")
@_path
@click.option("--defaults", is_flag=True, help="Also what nobody set.")
def print_(path: Path, defaults: bool) -> None:
    """Print the full form of a configuration, without secrets."""
    click.echo(dump_config(load_config(path, os.environ), defaults=defaults), nl=False)


@command.command()
def schema() -> None:
    """Print the JSON Schema for editors."""
    click.echo(schema_text(), nl=False)


def _review_or_failure(path: Path) -> Review:
    # A script that asks for JSON gets JSON, also when there is no file to read.
    try:
        return review_file(path, os.environ)
    except ConfigError as error:
        problem = Problem((), str(error), Place(1, 1))
        return Review(None, (problem,), (), str(path), "")


def _with_files(review: Review) -> Review:
    if review.rest is None:
        return review
    # The libraries that read certificates cost 100 ms that the other commands need not pay.
    from gateway.app.files import find_bad_files

    bad = find_bad_files(review.rest, time.time())
    return review.refused([Finding(each.path, each.message) for each in bad])


def _show(review: Review) -> None:
    for warning in review.warnings:
        click.echo(f"warning: {render([warning], review.file_name, review.text)}", err=True)
    for hint in review.hints:
        click.echo(f"hint: {render([hint], review.file_name, review.text)}", err=True)
    if review.config is None:
        click.echo(review.report(), err=True)
        return
    servers, issuers = len(review.config.servers), len(review.config.issuers)
    click.echo(f"ok: {review.file_name}: {_count(servers, 'server')}, {_count(issuers, 'issuer')}")
    if (redirect_uri := provider_redirect_uri(review.config)) is not None:
        click.echo(f"register at the login provider as the redirect URI: {redirect_uri}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _as_json(review: Review) -> dict[str, object]:
    return {
        "ok": review.config is not None,
        "problems": [_problem(review, each) for each in review.problems],
        "warnings": [_problem(review, each) for each in review.warnings],
        "hints": [_problem(review, each) for each in review.hints],
    }


def _problem(review: Review, problem: Problem) -> dict[str, object]:
    return {
        "file": review.file_name,
        "line": problem.place.line,
        "column": problem.place.column,
        "path": path_text(problem.path),
        "message": conceal_url_user(problem.message),
        "suggestion": problem.suggestion,
    }
