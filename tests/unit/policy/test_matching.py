"""Matchers of arguments."""

import pytest

from gateway.config.rule import Matcher
from gateway.policy.matching import compile_arguments


@pytest.mark.parametrize(
    ("matcher", "value", "matches"),
    [
        ({"equals": 1}, 1, True),
        ({"equals": 1}, 1.0, True),
        ({"equals": 1}, True, False),
        ({"equals": True}, 1, False),
        ({"equals": None}, None, True),
        ({"equals": [1]}, [1], True),
        ({"equals": [1]}, [True], False),
        ({"equals": [1]}, [1, 1], False),
        ({"equals": {"a": [0]}}, {"a": [0]}, True),
        ({"equals": {"a": [0]}}, {"a": [False]}, False),
        ({"equals": {"a": 0}}, {"a": 0, "b": 0}, False),
        ({"equals": {"a": 0}}, [0], False),
        ({"one_of": [[False]]}, [0], False),
        ({"one_of": ["a", 2]}, 2, True),
        ({"one_of": ["a", 2]}, "2", False),
        ({"glob": "a*"}, "ab", True),
        ({"glob": "a*"}, ["ab"], False),
        ({"glob": "*"}, "a/%2e%2e/b", False),
        ({"range": {"min": 0}}, 0, True),
        ({"range": {"min": 0, "max": 1}}, 1.5, False),
        ({"range": {"max": 1}}, "0", False),
        ({"absent": False}, None, True),
        ({"absent": True}, None, False),
    ],
)
def test_an_argument_is_as_its_matcher_says(
    matcher: dict[str, object], value: object, matches: bool
) -> None:
    match = compile_arguments({"x": Matcher.model_validate(matcher)})

    assert match({"x": value}) is matches


def test_a_dot_leads_into_an_object_unless_the_key_has_one() -> None:
    match = compile_arguments({"a.b": Matcher.model_validate(1)})

    assert match({"a": {"b": 1}})
    assert match({"a.b": 1, "a": {"b": 2}})
    assert not match({"a": [1]})


def test_what_is_not_there_is_only_absent() -> None:
    assert compile_arguments({"x": Matcher(absent=True)})({})
    assert not compile_arguments({"x": Matcher.model_validate({"equals": None})})({})
