"""The sections that say who may: what each must hold."""

import pytest
from pydantic import TypeAdapter, ValidationError

from gateway.config.allow import Allow, Allowed, AllowedByRule


@pytest.mark.parametrize("key", sorted(Allow.model_fields))
def test_a_key_that_was_left_empty_restricts_nobody_by_mistake(key: str) -> None:
    with pytest.raises(ValidationError):
        Allow.model_validate({key: None})
    with pytest.raises(ValidationError):
        Allow.model_validate({key: []})


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(ValidationError):
        Allow.model_validate({"users": ["ada"]})


def test_sections_stand_within_one_another() -> None:
    allow = Allow.model_validate({"any_of": [{"subjects": ["ada"]}, {"groups": ["ops"]}]})

    assert allow.any_of is not None
    assert [each.subjects for each in allow.any_of] == [frozenset({"ada"}), None]


@pytest.mark.parametrize(("word", "of_a_server"), [("any", True), ("nobody", False), ("x", False)])
def test_a_word_stands_in_the_place_of_a_section(word: str, *, of_a_server: bool) -> None:
    of_servers: TypeAdapter[object] = TypeAdapter(Allowed)
    of_rules: TypeAdapter[object] = TypeAdapter(AllowedByRule)
    for adapter, is_known in ((of_servers, of_a_server), (of_rules, word != "x")):
        if is_known:
            assert adapter.validate_python(word) == word
        else:
            with pytest.raises(ValidationError):
                adapter.validate_python(word)
