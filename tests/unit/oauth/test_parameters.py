import pytest

from gateway.errors import InvalidRequest
from gateway.oauth.parameters import MAX_VALUE_CHARS, parse_parameters


@pytest.mark.requirement("136", "F15")
def test_parameter_that_comes_twice_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="twice"):
        parse_parameters([("state", "a"), ("state", "a")])


def test_resource_may_come_several_times() -> None:
    """RFC 8707 §2."""
    parameters = parse_parameters([("resource", "a"), ("x", "1"), ("resource", "b")])

    assert parameters.resources == ("a", "b")
    assert parameters.get("resource") is None


def test_parameter_without_a_value_counts_as_omitted() -> None:
    """RFC 6749 §3.1."""
    parameters = parse_parameters([("scope", ""), ("scope", "read")])

    assert parameters.get("scope") == "read"
    with pytest.raises(InvalidRequest, match="state is missing"):
        parameters.require("state")


def test_value_has_a_bound() -> None:
    parse_parameters([("state", "x" * MAX_VALUE_CHARS)])
    with pytest.raises(InvalidRequest, match="too long"):
        parse_parameters([("state", "x" * (MAX_VALUE_CHARS + 1))])
