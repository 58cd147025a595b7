import pytest

from gateway.observability.times import iso_time


@pytest.mark.requirement("U11")
@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (1763910000.25, "2025-11-23T15:00:00.250Z"),
        (1763910000.9999, "2025-11-23T15:00:00.999Z"),
        (0.0, "1970-01-01T00:00:00.000Z"),
    ],
)
def test_time_is_iso_8601_in_utc_to_the_millisecond(seconds: float, written: str) -> None:
    assert iso_time(seconds) == written
