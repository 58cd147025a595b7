"""The changes that `make mutate` tries."""

import ast

import pytest

from tools.mutants import find_mutants, mutate


def _changed(source: str) -> list[str]:
    """The texts that a module becomes, one for each mutant."""
    return [ast.unparse(mutate(source, each)) for each in find_mutants(source)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a < b", {"x = a <= b"}),
        ("x = a in b", {"x = a not in b"}),
        ("x = a and b", {"x = a or b", "x = a", "x = b"}),
        ("x = not a", {"x = a"}),
        ("x = a | b", {"x = a & b"}),
        ("x = any(a)", {"x = all(a)"}),
        ("x = a.lower()", {"x = a"}),
        ("x = a if b == c else d", {"x = a if True else d", "x = a if False else d"}),
        ("x = 1", {"x = 2"}),
        ("x = 'a'", {"x = 'XXaXX'"}),
        ("x = True", {"x = False"}),
        ("x.y = z", {"pass"}),
        ("raise X('said to people')", {"pass"}),
        ("f(x)", {"pass"}),
        ("x = lambda y: y", {"x = lambda y: None"}),
        ("def f():\n    return x", {"def f():\n    return None"}),
    ],
)
def test_a_change_is_small_and_may_matter(source: str, expected: set[str]) -> None:
    assert set(_changed(source)) == expected


@pytest.mark.parametrize(
    "source",
    [
        "'''A docstring.'''",
        "import a",
        "x: list[int]",
        "X = Allow | Deny | None",
        "X = Literal['a', 'b']",
        "logger.info('told', extra={'a': 1})",
        "@dataclass(frozen=True)\nclass X:\n    pass",
        "x = f'{a} b'",
    ],
)
def test_what_no_test_is_meant_to_notice_stays(source: str) -> None:
    assert find_mutants(source) == []


def test_every_mutant_has_a_name_of_its_own_that_survives_other_lines() -> None:
    source = "def f(x):\n    if x > 1:\n        return x + 1 + 1\n    return None\n"

    names = [each.name for each in find_mutants(source)]

    assert len(names) == len(set(names)) > 5
    assert names == [each.name for each in find_mutants(f"# more\n\n\n{source}")]
    assert all(name.startswith("f | ") for name in names)


def test_a_mutant_of_a_method_is_in_its_class() -> None:
    (mutant,) = find_mutants("class A:\n    def f(self):\n        x(y)\n")

    assert mutant.name == "A.f | x(y) | x(y) -> pass"
