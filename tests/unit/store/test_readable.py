"""Text of whatever a store holds."""

import pytest

from gateway.store.readable import readable


@pytest.mark.requirement("A18")
@pytest.mark.parametrize(
    ("value", "text"),
    [(b"abc", "abc"), ("abc", "abc"), (b"\xffa", "\\xffa"), (7, "7"), (1.5, "1.5"), (None, "None")],
)
def test_nothing_that_stands_there_raises(value: object, text: str) -> None:
    assert readable(value) == text
