import pytest

from gateway.pages.foreign_text import isolated, look_alikes, visible


@pytest.mark.requirement("F4")
@pytest.mark.parametrize(
    "hidden",
    [
        "\u202e",
        "\u2066",
        "\u200f",
        "\u200b",
        "\ufeff",
        "\x00",
        "\x1b",
        "\u00ad",
        "\U000e0041",
        "\ud800",
    ],
)
def test_what_nobody_sees_is_left_out(hidden: str) -> None:
    assert visible(f"Cl{hidden}aude") == "Claude"


@pytest.mark.parametrize("space", ["\n", "\r\n", "\t", "\u2028", "\u2029", "\u3000", "   "])
def test_it_stays_one_line(space: str) -> None:
    assert visible(f" Claude{space}Code ") == "Claude Code"


def test_marks_do_not_pile_up_into_other_lines() -> None:
    assert visible("Z" + "\u0335" * 50) == "Z\u0335\u0335"


def test_other_languages_stay_as_they_are() -> None:
    for name in ("Café", "クロード", "מחשב", "كلود"):
        assert visible(name) == name


def test_a_long_name_is_cut() -> None:
    assert isolated("x" * 100, 10) == f"<bdi>{'x' * 9}…</bdi>"


def test_html_is_escaped() -> None:
    assert isolated('<b>"&') == "<bdi>&lt;b&gt;&quot;&amp;</bdi>"


@pytest.mark.parametrize(
    ("name", "alphabets"),
    [
        ("Claude", None),
        ("Café", None),
        ("クロード", None),
        ("\u0421laude", "Cyrillic"),
        ("\u0421l\u03b1ude", "Cyrillic and Greek"),
        ("\U0001d402laude", "Mathematical"),
    ],
)
def test_letters_that_look_like_others_are_named(name: str, alphabets: str | None) -> None:
    assert look_alikes(name) == alphabets
