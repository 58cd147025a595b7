import pytest

from gateway.store.memory import MemoryStore


class Now:
    """A wall clock that the test sets."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def now() -> Now:
    return Now()


async def test_a_value_lasts_until_the_moment_it_expires(now: Now) -> None:
    store = MemoryStore(now)
    await store.add("k", "a", b"v", 1010.0)

    now.seconds = 1009.9
    assert await store.entries("k") == {"a": b"v"}
    now.seconds = 1010.0
    assert await store.entries("k") == {}


async def test_what_expired_takes_no_room_any_more(now: Now) -> None:
    store = MemoryStore(now)
    await store.add("k", "a", b"v", 1010.0)
    now.seconds = 1010.0

    assert await store.remove("k", "a") is False
    assert await store.add("k", "a", b"again", None) is True


async def test_nothing_is_shared_between_two() -> None:
    one, two = MemoryStore(), MemoryStore()
    await one.add("k", "a", b"", None)

    assert await two.entries("k") == {}
    assert await two.version("k") == "0"
