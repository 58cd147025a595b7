"""How answers ask for patience."""

import pytest

from gateway.identity.provider.fetch import Answer
from gateway.identity.provider.question import asks_for_patience, retry_after_s


@pytest.mark.parametrize(
    ("status", "headers", "asks"),
    [
        (403, {"Retry-After": "9"}, True),
        (403, {"X-RateLimit-Remaining": "0"}, True),
        (403, {"X-RateLimit-Remaining": "1"}, False),
        (403, {}, False),
        (401, {"Retry-After": "9"}, False),
    ],
)
def test_only_a_403_that_speaks_of_limits_asks_for_patience(
    status: int, headers: dict[str, str], asks: bool
) -> None:
    assert asks_for_patience(Answer(status, headers=headers)) is asks


@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7), ("999999", 300), ("Fri, 31 Dec", 5), ("٣", 5), ("", 5)]
)
def test_the_time_to_wait_is_within_reason(text: str, seconds: int) -> None:
    assert retry_after_s(Answer(429, headers={"Retry-After": text})) == seconds
