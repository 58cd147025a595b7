"""Mistakes are shown where they are."""

import pytest

from gateway.config.reading.problems import Place, Problem, path_text, render


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


@pytest.mark.requirement("A20")
@pytest.mark.parametrize(
    "line",
    [
        "pasword: hunter2",
        "Password:   hunter2",
        "client-secrt: hunter2",
        "admin: {listen: x, tokn: hunter2}",
        '{"password":"hunter2"}',
        "store: {url: 'redis://h?a=1&password=hunter2', x: 1}",
        "url: redis://:hunt/er2@h/0",
        "url: redis://:a@hunter2@h/0",
    ],
)
def test_a_secret_under_a_mistyped_key_is_not_shown(line: str) -> None:
    shown = render([Problem(("a",), f"got {line}", Place(1, 1))], "x", line)

    assert "hunter2" not in shown.splitlines()[1]
    assert "er2@" not in shown


@pytest.mark.requirement("A20")
@pytest.mark.parametrize("line", ["pasword hunter2", "token = hunter2", "hunter2", '  - "hunter2'])
def test_a_line_that_is_no_yaml_shows_no_value_that_may_be_a_secret(line: str) -> None:
    assert "hunter2" not in render([Problem((), "not YAML", Place(1, 1))], "x", line)


@pytest.mark.parametrize(
    "line",
    ["listen: [a", "\tallow: any", "# a comment", "store: {password_file: /run/pw, url: x}", "---"],
)
def test_a_broken_line_without_a_secret_is_shown(line: str) -> None:
    shown = render([Problem((), "odd", Place(1, 1))], "x", line)

    assert line.replace("\t", " ") in shown


@pytest.mark.requirement("A20")
def test_what_hides_behind_an_unknown_key_is_not_shown() -> None:
    problem = Problem(("a", "b"), "unknown key", Place(1, 5), hides=True)

    shown = render([problem], "x", "a: {b: hunter2, c: hunter2}")

    assert shown.splitlines()[1] == "    a: {b: <redacted>"
