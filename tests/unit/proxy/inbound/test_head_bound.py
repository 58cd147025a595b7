"""How much a client may send that is neither a whole head nor a body."""

import pytest

from gateway.proxy.inbound.head_bound import MAX_HEAD_BYTES, HeadBound, is_too_large


def test_reads_that_end_nothing_add_up() -> None:
    bound = HeadBound()

    assert [bound.take(1000, 0, 0) for _ in range(3)] == [1000, 2000, 3000]
    assert bound.has_begun


@pytest.mark.parametrize(("heads", "body_bytes"), [(1, 0), (0, 1)])
def test_a_head_or_a_piece_of_body_begins_anew(heads: int, body_bytes: int) -> None:
    bound = HeadBound()
    bound.take(1000, 0, 0)

    assert bound.take(1000, heads, body_bytes) == 2000
    assert not bound.has_begun
    assert bound.take(1, heads, body_bytes) == 1


@pytest.mark.requirement("A1")
def test_all_fields_together_have_a_limit() -> None:
    field = (b"x", b"a" * 1019)

    assert not is_too_large([field] * (MAX_HEAD_BYTES // 1024))
    assert is_too_large([field] * (MAX_HEAD_BYTES // 1024 + 1))
