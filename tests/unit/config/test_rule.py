"""What a rule may say, and what is surely not meant."""

import pytest
from pydantic import ValidationError

from gateway.config.rule import Lists, Matcher, Rule


@pytest.mark.parametrize(
    ("given", "key", "value"),
    [
        ("/srv", "equals", "/srv"),
        (7, "equals", 7),
        (["a", "b"], "one_of", ("a", "b")),
        ({"glob": "/data/*"}, "glob", "/data/*"),
        ({"absent": True}, "absent", True),
    ],
)
def test_an_argument_is_matched_by_one_thing(given: object, key: str, value: object) -> None:
    assert getattr(Matcher.model_validate(given), key) == value


@pytest.mark.parametrize("given", [{}, {"equals": 1, "absent": True}, [], {"pattern": "a"}])
def test_an_argument_that_is_matched_by_none_or_two_is_an_error(given: object) -> None:
    with pytest.raises(ValidationError):
        Matcher.model_validate(given)


@pytest.mark.parametrize(
    "narrowing", [{"arguments": {"x": 1}}, {"cel": "true"}, {"annotations": {"readOnlyHint": True}}]
)
def test_what_narrows_tools_wants_tools(narrowing: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="belong to tools"):
        Rule.model_validate({"allow": "any", **narrowing})

    assert Rule.model_validate({"allow": "any", "tools": ["*"], **narrowing}).tools == ("*",)


@pytest.mark.parametrize("key", ["tools", "prompts", "resources", "methods"])
def test_an_empty_list_of_names_does_not_cover_everything(key: str) -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate({"allow": "any", key: None})
    with pytest.raises(ValidationError):
        Rule.model_validate({"allow": "any", key: []})


def test_an_expression_is_compiled_when_it_is_read() -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate({"allow": "any", "tools": ["*"], "cel": "args.x =="})


def test_a_list_may_be_kept_for_a_minute_as_a_rule() -> None:
    assert Lists() == Lists.model_validate({"show": "reachable", "max_ttl": "1m"})
