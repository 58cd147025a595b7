"""docs/security.md names code, tests, log lines, metrics and commands that are there."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click
import pytest

from gateway.authserver.steps import ADVICE
from gateway.cli.main import cli
from gateway.observability.metrics.catalogue import METRICS, PREFIX
from gateway.observability.reasons import STAGE_OF

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "gateway").rglob("*.py"))
CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Threat:
    """One row: a threat, what holds it, what shows that, and what an operator sees and does."""

    what: str
    held_in: str
    shown_by: str
    seen: str


def threats() -> Iterator[Threat]:
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 4 and cells[0] != "threat":
            yield Threat(*cells)


THREATS = list(threats())


@cache
def names_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


def wrong_code(threat: Threat) -> Iterator[str]:
    path = ROOT
    for named in CODE.findall(threat.held_in):
        if named.endswith(".py"):
            path = ROOT / "gateway" / named
            if not path.is_file():
                yield named
        elif named not in names_in(path):
            yield f"{path.name}: {named}"


def test_every_threat_has_code_tests_and_something_to_see() -> None:
    incomplete = [
        each.what
        for each in THREATS
        if ".py`" not in each.held_in or ".py`" not in each.shown_by or not each.seen
    ]

    assert len(THREATS) > 40
    assert incomplete == []


@pytest.mark.parametrize("threat", THREATS, ids=lambda threat: threat.what)
def test_code_and_tests_are_there(threat: Threat) -> None:
    tests = CODE.findall(threat.shown_by)

    assert list(wrong_code(threat)) == []
    assert [each for each in tests if not (ROOT / "tests" / each).is_file()] == []


def test_log_lines_are_those_of_the_gateway() -> None:
    quoted = [each for threat in THREATS for each in re.findall(r'"([^"]{13,})"', threat.seen)]

    assert quoted
    assert [each for each in quoted if f'"{each}"' not in SOURCES] == []


def test_metrics_reasons_and_commands_are_those_of_the_gateway() -> None:
    told = set(re.findall(r"reason=(\w+)", PAGE))
    commands = set(re.findall(r"`mcpgw ([a-z]+)", PAGE))

    assert set(re.findall(r"mcpgw_\w+", PAGE)) <= {PREFIX + each.name for each in METRICS}
    assert told - set(STAGE_OF) == set()
    assert commands <= set(cli.list_commands(click.Context(cli)))


def test_advice_is_about_reasons_that_there_are() -> None:
    assert set(ADVICE) - set(STAGE_OF) == set()
