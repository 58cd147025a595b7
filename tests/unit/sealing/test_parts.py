"""Parts that are written as one keep their boundaries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sealing.parts import encode_parts

PARTS = st.lists(st.text(alphabet=st.characters(codec=None), max_size=3), max_size=4)


@pytest.mark.requirement("A9")
@given(PARTS, PARTS)
def test_other_parts_are_other_bytes(one: list[str], other: list[str]) -> None:
    assert (encode_parts(one) == encode_parts(other)) == (one == other)


@pytest.mark.requirement("A9")
def test_a_nul_is_a_character_like_any_other() -> None:
    assert encode_parts(["a\0b", "c"]) != encode_parts(["a", "b\0c"])
    assert encode_parts(["a\0b"]) != encode_parts(["a", "b"])
    assert encode_parts(["\ud800"]) != encode_parts(["?"])
