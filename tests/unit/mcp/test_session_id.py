import pytest

from gateway.mcp.session_id import parse_session_id


def test_visible_characters_are_an_id() -> None:
    assert parse_session_id([b"a~!/42"]) == b"a~!/42"


@pytest.mark.requirement("A11")
@pytest.mark.parametrize(
    "values", [[], [b""], [b"a", b"a"], [b"a b"], [b"a\r\nX: y"], [b"\xe9"], [b"a\x7f"]]
)
def test_anything_else_is_none(values: list[bytes]) -> None:
    assert parse_session_id(values) is None
