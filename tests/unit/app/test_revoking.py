"""What ends with a revocation, or with a key."""

from collections.abc import Awaitable, Callable

import pytest

from gateway.app.revoking import Enforcement
from gateway.config.model import Cache
from gateway.errors import InvalidToken
from gateway.identity.principal import Principal
from gateway.identity.revocation.revocation import Revocation
from gateway.identity.revocation.revocations import Revocations
from gateway.identity.verdict.cache import VerdictCache
from gateway.resilience.single_flight import SingleFlight
from tests.support.hand_clock import HandClock
from tests.unit.identity.revocation.conftest import World


@pytest.fixture
def world(tmp_path: object, clock: HandClock) -> World:
    return World(tmp_path, clock)  # type: ignore[arg-type]  # pytest's own path


@pytest.fixture
def revocations(world: World) -> Revocations:
    return world.replica()


async def test_remembered_verdicts_on_who_is_revoked_are_forgotten(
    flights: SingleFlight, revocations: Revocations, clock: HandClock
) -> None:
    ada, eve = (Principal("https://idp.example", name, issued_at=1.0) for name in ("ada", "eve"))
    await revocations.load()
    enforcement = Enforcement(revocations)
    enforcement.cache = cache = VerdictCache(Cache(), flights, clock.clocks, enforcement.check)
    for key, principal in ((b"a", ada), (b"e", eve)):
        await cache.resolve(key, clock.wall, _accepting(principal))

    await revocations.add(Revocation("subject", "ada"))
    enforcement.enforce()

    assert cache.get(b"a", clock.wall) is None
    assert cache.get(b"e", clock.wall) is eve
    with pytest.raises(InvalidToken):
        enforcement.check(ada, clock.wall)


async def test_with_an_issuers_key_every_verdict_ends(
    flights: SingleFlight, clock: HandClock
) -> None:
    enforcement = Enforcement()
    enforcement.cache = cache = VerdictCache(Cache(), flights, clock.clocks)
    await cache.resolve(b"a", clock.wall, _accepting(Principal("https://idp.example", "ada")))

    enforcement.end_keys(frozenset({"thumbprint"}))

    assert cache.get(b"a", clock.wall) is None


def _accepting(principal: Principal) -> Callable[[], Awaitable[Principal]]:
    async def verify() -> Principal:
        return principal

    return verify
