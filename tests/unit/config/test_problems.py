"""Mistakes are shown where they are."""

from gateway.config.problems import Place, Problem, path_text, render


def test_a_path_is_written_as_an_operator_would() -> None:
    assert path_text(("servers", "a", "list", 1, "x")) == "servers.a.list[1].x"


def test_problems_come_in_the_order_of_the_file_with_line_and_caret() -> None:
    found = [Problem(("b",), "second", Place(2, 3)), Problem((), "first", Place(1, 1))]

    shown = render(found, "x.yaml", "a: 1\n  b: 2")

    assert shown == "x.yaml:1:1: first\n    a: 1\n    ^\nx.yaml:2:3: b: second\n      b: 2\n      ^"


def test_a_place_beyond_the_text_has_no_line() -> None:
    assert render([Problem((), "empty", Place(1, 1))], "x", "") == "x:1:1: empty"
