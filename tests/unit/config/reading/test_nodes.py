"""YAML with the place of every key and value."""

import pytest
import yaml

from gateway.config.reading import nodes
from gateway.config.reading.nodes import parse_tree
from gateway.config.reading.problems import Place


def test_every_key_and_value_has_its_place() -> None:
    tree = parse_tree("a:\n  b: [1, two]\n")

    assert tree.value == {"a": {"b": [1, "two"]}}
    assert tree.keys["a", "b"] == Place(2, 3)
    assert tree.values["a", "b", 1] == Place(2, 10)


@pytest.mark.requirement("O2")
def test_a_doubled_key_is_an_error_that_names_the_first() -> None:
    (problem,) = parse_tree("a: 1\nb: 2\na: 3\n").problems

    assert (problem.message, problem.place) == ("duplicate key (first on line 1)", Place(3, 1))


@pytest.mark.parametrize("word", ["no", "on", "yes", "012", "1:30", "1e3", "0x10", "2024-01-01"])
def test_plain_words_stay_words(word: str) -> None:
    """YAML 1.1 would make booleans, octal numbers and dates of them."""
    assert parse_tree(f"a: {word}\n").value == {"a": word}


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("-2", -2), ("1.5", 1.5), ("true", True), ("null", None), ("", None), ("'1'", "1")],
)
def test_plain_values_have_their_types(text: str, value: object) -> None:
    assert parse_tree(f"a: {text}\n").value == {"a": value}


@pytest.mark.parametrize(
    "text", ["a: [", "a: b: c", "\ta: 1", "a: !!python/object:os.system x", "? [a]\n: 1"]
)
def test_what_is_no_plain_yaml_is_a_problem(text: str) -> None:
    assert parse_tree(text).problems


def test_aliases_that_multiply_are_stopped() -> None:
    """A small file must not become a large one."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 7)]

    problems = parse_tree("\n".join(lines)).problems

    assert any("too large" in problem.message for problem in problems)


def test_a_path_that_is_not_there_has_the_place_above_it() -> None:
    assert parse_tree("a:\n  b: 1\n").place(("a", "c")) == Place(1, 1)
    assert parse_tree("").place(()) == Place(1, 1)


@pytest.mark.parametrize(
    "text", ["a: &a [*a]", "a: &a {b: *a, c: *a}", f"a: {'[' * 600}{']' * 600}", "a: " + "[" * 9000]
)
def test_what_has_no_bottom_is_a_problem_and_no_crash(text: str) -> None:
    assert len(parse_tree(text).problems) == 1


def test_the_slow_reader_of_machines_without_libyaml_does_not_crash_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nodes, "_Loader", yaml.SafeLoader)

    (problem,) = parse_tree(f"a: {'[' * 5000}{']' * 5000}").problems

    assert problem.message == "nested too deeply"


@pytest.mark.requirement("A18")
@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000, "{a: " * 100_000, "? " * 50_000])
def test_no_nesting_ends_the_process(text: str) -> None:
    """libyaml's composer would overflow the stack, in a file that is watched as well."""
    (problem,) = parse_tree(text).problems

    assert problem.message == "nested too deeply"
