"""What every section is made of."""

import pytest
from pydantic import TypeAdapter, ValidationError

from gateway.config.section import (
    REDACTED,
    Bytes,
    Count,
    Members,
    Name,
    Scopes,
    Seconds,
    Secret,
    Section,
)


class Sample(Section):
    """One value of each kind."""

    wait: Seconds = 30.0
    size: Bytes = 10
    count: Count = 1
    token: Secret | None = None
    scopes: Scopes = frozenset()


def test_a_section_takes_known_keys_only_and_stays_as_it_is() -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate({"waits": "1s"})
    with pytest.raises(ValidationError):
        Sample().count = 2  # type: ignore[misc]  # that is the point


@pytest.mark.parametrize(
    ("written", "seconds", "printed"),
    [("500ms", 0.5, "0.5s"), ("30s", 30.0, "30s"), ("15m", 900.0, "900s"), ("0s", 0.0, "0s")],
)
def test_a_duration_is_seconds_and_printed_with_its_unit(
    written: str, seconds: float, printed: str
) -> None:
    sample = Sample.model_validate({"wait": written})

    assert sample.wait == seconds
    assert sample.model_dump(mode="json")["wait"] == printed


def test_code_may_give_seconds_and_a_file_may_not() -> None:
    assert Sample(wait=5.0).wait == 5.0
    with pytest.raises(ValidationError):
        Sample.model_validate({"wait": 5.0}, context={"folder": "."})


@pytest.mark.parametrize(
    "change", [{"wait": 5}, {"wait": "-1s"}, {"size": "-1"}, {"count": True}, {"token": ""}]
)
def test_other_values_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate(change)


def test_a_secret_is_never_printed() -> None:
    sample = Sample.model_validate({"token": "hunter2"})

    assert sample.token is not None
    assert sample.token.get_secret_value() == "hunter2"
    assert sample.model_dump(mode="json")["token"] == REDACTED
    assert "hunter2" not in repr(sample) + str(sample) + sample.model_dump_json()


def test_sets_are_printed_in_order() -> None:
    sample = Sample(scopes=frozenset("hgfedcba"))

    assert sample.model_dump(mode="json")["scopes"] == list("abcdefgh")


@pytest.mark.parametrize("name", ["", "A", "1a", "a b", "a" * 64, "a.b", "a\n"])
def test_a_name_can_be_a_label_of_a_metric(name: str) -> None:
    assert TypeAdapter(Name).validate_python("a-b_1") == "a-b_1"
    with pytest.raises(ValidationError):
        TypeAdapter(Name).validate_python(name)


@pytest.mark.parametrize("scope", ["", "a b", 'a"', "a\\", "\u00e9"])
def test_a_scope_is_one_word_of_rfc_6749(scope: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Scopes).validate_python([scope])


@pytest.mark.parametrize("members", [[], [""], "abc"])
def test_members_are_a_list_that_names_somebody(members: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Members).validate_python(members)
