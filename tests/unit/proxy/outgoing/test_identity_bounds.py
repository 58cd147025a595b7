import pytest

from gateway.proxy.outgoing.identity_bounds import Bounds


@pytest.mark.requirement("B7")
def test_only_the_names_of_the_same_kind_count() -> None:
    bounds = Bounds(named={"groups": frozenset({"a", "b"}), "roles": frozenset({"c"})})

    assert bounds.named_of("groups", ["b", "c", "a"]) == ["b", "a"]
    assert bounds.named_of("claims.groups", ["a"]) == []
