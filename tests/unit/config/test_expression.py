"""Expressions are compiled when the configuration is read, so that mistakes have a place."""

import sys

import pytest

from gateway.config.expression import BadExpression, compile_expression
from tests.unit.config.samples import FULL, messages

SERVER = "allow: any"


def rule(cel: str) -> str:
    return FULL.replace(SERVER, f"{SERVER}, rules: [{{tools: [a], cel: '{cel}', allow: any}}]")


def test_an_expression_is_a_function_of_its_variables() -> None:
    evaluate = compile_expression('args.path.startsWith("/data/") && size(args.items) < 3')

    assert evaluate({"args": {"path": "/data/a", "items": [1, 2]}}) is True
    assert evaluate({"args": {"path": "/data/a", "items": [1, 2, 3]}}) is False


def test_a_mistake_is_told_with_the_configuration() -> None:
    found = messages(rule("args.path =="))

    assert any("no CEL expression" in each for each in found), found
    assert messages(rule("args.n < 3")) == []


def test_an_expression_belongs_to_tools() -> None:
    config = FULL.replace(SERVER, f"{SERVER}, rules: [{{prompts: [a], cel: 'true', allow: any}}]")

    assert any("belong to tools" in each for each in messages(config))


def test_without_the_library_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cel", None)

    with pytest.raises(BadExpression, match="pip install 'common-expression-language"):
        compile_expression("true")
