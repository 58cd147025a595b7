import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

from tests.conformance.requirements import REQUIREMENTS, read_requirements

TESTS = Path(__file__).parents[1]


def _marked_ids(source: str) -> Iterator[str]:
    """Read the marks from the source, so that a run of some tests still knows all of them."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) == "requirement":
            yield from (str(argument.value) for argument in node.args if _is_constant(argument))


def _is_constant(node: ast.expr) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant)


def _ids_with_a_test() -> frozenset[str]:
    sources = (path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py"))
    return frozenset(mark for source in sources for mark in _marked_ids(source))


def test_table_holds_every_series_without_a_gap() -> None:
    series = {"": 187, "J": 24, "C": 8, "H": 15, "I": 12, "P": 4, "M": 14, "S": 9, "F": 19, "O": 8}
    series |= {"A": 20, "B": 14, "U": 13}
    expected = {f"{letter}{n}" for letter, last in series.items() for n in range(1, last + 1)}
    expected |= {f"N{n}" for n in (*range(3, 11), 20)}

    assert set(REQUIREMENTS) == expected


def test_row_marked_later_is_planned() -> None:
    rows = read_requirements("| 1 | RFC | now | |\n| 2 | RFC | then | later |")

    assert [row.planned for row in rows.values()] == [False, True]


def test_every_requirement_that_is_due_has_a_test() -> None:
    due = {identifier for identifier, row in REQUIREMENTS.items() if not row.planned}

    missing = due - _ids_with_a_test()

    assert not missing, "no test is marked with: " + ", ".join(sorted(missing, key=_by_series))


def test_every_mark_names_a_known_requirement() -> None:
    unknown = _ids_with_a_test() - set(REQUIREMENTS)

    assert not unknown, f"not in requirements.md: {sorted(unknown)}"


def _by_series(identifier: str) -> tuple[str, int]:
    number = identifier.lstrip("ABCFHIJMNOPSU")
    return identifier.removesuffix(number), int(number)
