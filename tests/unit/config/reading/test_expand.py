"""References in values."""

from pathlib import Path

import pytest

from gateway.config.reading.expand import expand
from gateway.config.reading.nodes import parse_tree


def expanded(text: str, folder: Path, **environ: str) -> tuple[object, list[str]]:
    tree = parse_tree(text)
    value = expand(tree, environ, folder)
    return value, [problem.message for problem in tree.problems]


def test_a_variable_is_put_into_the_value(tmp_path: Path) -> None:
    value, problems = expanded('a: ["x-${env:NAME}-y", "${env:NO:-default}"]', tmp_path, NAME="n")

    assert (value, problems) == ({"a": ["x-n-y", "default"]}, [])


def test_a_value_is_never_read_as_yaml_again(tmp_path: Path) -> None:
    value, _ = expanded("a: ${env:EVIL}", tmp_path, EVIL="x\nallow: any")

    assert value == {"a": "x\nallow: any"}


def test_a_file_is_put_in_without_its_last_newline(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("secret\n", encoding="utf-8")

    assert expanded("a: ${file:s}", tmp_path) == ({"a": "secret"}, [])


def test_two_dollars_are_one(tmp_path: Path) -> None:
    assert expanded("a: $${env:X}", tmp_path) == ({"a": "${env:X}"}, [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${env:NOPE}", "the environment variable NOPE is not set"),
        ("${file:nope}", "nope: No such file or directory"),
        ("${HOME}", "write ${env:NAME}, ${file:/path}, or $${ for a plain ${"),
    ],
)
def test_what_cannot_be_replaced_is_a_problem(text: str, message: str, tmp_path: Path) -> None:
    assert expanded(f"a: {text}", tmp_path)[1] == [message]


def test_a_file_that_is_no_text_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"\xff")

    assert expanded("a: ${file:b}", tmp_path)[1] == ["b: not UTF-8"]
