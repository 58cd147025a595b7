"""Mistakes are shown where they are."""

import pytest

from gateway.config.problems import Place, Problem, path_text, render


def test_a_path_is_written_as_an_operator_would() -> None:
    assert path_text(("servers", "a", "list", 1, "x")) == "servers.a.list[1].x"


def test_problems_come_in_the_order_of_the_file_with_line_and_caret() -> None:
    found = [Problem(("b",), "second", Place(2, 3)), Problem((), "first", Place(1, 1))]

    shown = render(found, "x.yaml", "a: 1\n  b: 2")

    assert shown == "x.yaml:1:1: first\n    a: 1\n    ^\nx.yaml:2:3: b: second\n      b: 2\n      ^"


def test_a_place_beyond_the_text_has_no_line() -> None:
    assert render([Problem((), "empty", Place(1, 1))], "x", "") == "x:1:1: empty"


@pytest.mark.parametrize(
    "line", ["sealing_key: hunter2", "{'sealing_key': hunter2}", "url: http://bob:hunter2@host"]
)
def test_a_secret_is_not_shown_with_its_line(line: str) -> None:
    """Start messages end in logs."""
    shown = render([Problem((), "http://bob:hunter2@host is odd", Place(1, 1))], "x", line)

    assert "hunter2" not in shown
    assert shown.count("<redacted>") >= 2


def test_a_line_without_a_secret_is_shown_as_it_is() -> None:
    line = "tls: {key_file: k.pem}  # https://a.example"

    assert line in render([Problem((), "odd", Place(1, 1))], "x", line)


def test_a_value_cannot_write_lines_or_colours_of_its_own() -> None:
    shown = render([Problem((), "got a\nINFO all is well\x1b[31m", Place(9, 1))], "x", "")

    assert shown == "x:9:1: got a\\nINFO all is well\\x1b[31m"
