"""Which streams are asked about again; test_ended_verdicts shows that they are."""

import pytest

from gateway.config.model import Cache
from gateway.identity.principal import Principal
from gateway.identity.verdict.cache import VerdictCache
from gateway.resilience.clocks import Clocks
from gateway.resilience.single_flight import SingleFlight


@pytest.mark.requirement("A15")
@pytest.mark.parametrize(
    ("principal", "interval_s"),
    [
        (Principal("i", "ada"), None),
        (Principal("i", "ada", scheme="api_key"), None),
        (Principal("i", "ada", remember_s=7.0), 7.0),  # its groups were looked up
        (Principal("i", "ada", scheme="introspection"), 60.0),
        (Principal("i", "ada", scheme="userinfo", remember_s=5.0), 5.0),
        (Principal("i", "ada", scheme="token_review", remember_s=0.0), 0.0),
    ],
)
async def test_what_somebody_else_vouches_for_is_asked_again_at_the_interval_of_its_cache(
    flights: SingleFlight,
    principal: Principal,
    interval_s: float | None,
) -> None:
    cache = VerdictCache(Cache(), flights, Clocks())

    assert cache.asked_again_after_s(principal) == interval_s
