"""Lists of groups and roles in the answers of providers."""

import pytest

from gateway.errors import IdentityUnavailable
from gateway.identity.token.lists import parse_list


@pytest.mark.parametrize(
    ("document", "items", "each", "expected"),
    [
        (["a", "b"], "", "{}", ("a", "b")),
        ([], "", "{}", ()),
        ({"value": ["a"]}, "value", "{}", ("a",)),
        ({"data": {"groups": [{"id": 1}, {"id": 2}]}}, "data.groups", "{id}", ("1", "2")),
        ({"@odata.value": ["a"]}, "@odata.value", "{}", ("a",)),
        ([{"org": {"login": "acme"}, "slug": "core"}], "", "{org.login}/{slug}", ("acme/core",)),
        (["b", "a", "b"], "", "{}", ("b", "a")),
        (["", "a", None, {"x": 1}, True], "", "{}", ("a",)),
        ([{"id": "a"}, {"name": "no id"}], "", "{id}", ("a",)),
    ],
)
def test_each_member_becomes_a_text(
    document: object, items: str, each: str, expected: tuple[str, ...]
) -> None:
    assert parse_list(document, items, each) == expected


@pytest.mark.parametrize(
    ("document", "items"),
    [
        (None, ""),
        ({}, ""),
        ("a", ""),
        ({"value": "a"}, "value"),
        ({"value": None}, "value"),
        ({"error": "no"}, "value"),
        (["a"], "value"),
    ],
)
def test_an_answer_of_another_shape_is_no_empty_list(document: object, items: str) -> None:
    with pytest.raises(IdentityUnavailable):
        parse_list(document, items, "{}")
