"""Globs: what they mean, and that no name is a pattern by accident."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.glob import MAX_UNSURE_CHARS, check_glob, compile_globs, compile_stars, escape_glob

FEW = st.text("ab*?[]", max_size=8)


@pytest.mark.parametrize(
    ("patterns", "name", "matches"),
    [
        (("get",), "get", True),
        (("get",), "GET", False),
        (("get_*",), "get_", True),
        (("get_*",), "forget_a", False),
        (("a", "b?"), "bc", True),
        (("b?",), "b", False),
        (("*",), "", True),
        (("**", "x"), "a", True),
        (("a.c",), "abc", False),
        (("a.*",), "a.\n", True),
        (("[ab]",), "a", False),
        (("a*a",), "a", False),
        (("a*b*c",), "a-bc-b-c", True),
        (("a*?b",), "ab", False),
        (("*a?c*",), "xabcx", True),
        (("a[*]",), "a*", True),
        (("a[*]",), "a[b]", False),
        (("a[**]",), "a[b]", True),
        (("[?]*",), "?a", True),
        (("[?]*",), "aa", False),
    ],
)
def test_a_glob_knows_two_signs(patterns: tuple[str, ...], name: str, matches: bool) -> None:
    assert compile_globs(patterns)(name) is matches


@given(pattern=FEW, name=st.text("ab*?[]\n", max_size=10))
def test_a_glob_means_what_the_regular_expression_means(pattern: str, name: str) -> None:
    """The slow way to say it, which is fast enough for these."""
    parts = re.split(r"(\[[*?]\]|[*?])", pattern)
    meant = "".join(
        {"*": ".*", "?": ".", "[*]": r"\*", "[?]": r"\?"}.get(part) or re.escape(part)
        for part in parts
    )

    matches = re.fullmatch(meant, name, re.DOTALL) is not None

    assert compile_globs([pattern])(name) is matches
    assert compile_globs([pattern, "other*"])(name) is matches


@given(pattern=FEW, name=st.text("ab*?[]", max_size=10))
def test_in_claims_only_a_star_is_special(pattern: str, name: str) -> None:
    meant = ".*".join(map(re.escape, pattern.split("*")))

    assert compile_stars([pattern])(name) is (re.fullmatch(meant, name) is not None)


@given(name=FEW, other=FEW)
@pytest.mark.requirement("A19")
def test_an_escaped_name_means_itself_alone(name: str, other: str) -> None:
    only = compile_globs([escape_glob(name)])

    assert only(name)
    assert only(other) is (other == name)


def test_a_long_part_with_a_hole_is_refused_between_stars() -> None:
    part = "a" * (MAX_UNSURE_CHARS - 1) + "?"

    for pattern in (f"*{part}*", f"{part}a*", f"*{part}a", "*" + "a" * 100 + "*"):
        assert check_glob(pattern) == pattern
    with pytest.raises(ValueError, match="at most 32 characters"):
        check_glob(f"*{part}a*")
