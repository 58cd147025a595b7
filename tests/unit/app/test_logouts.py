"""What an issuer's logout makes of it."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from gateway.app.logouts import logout_taker
from gateway.config.issuer import BackchannelLogout, Issuer, Jwks
from gateway.errors import IdentityUnavailable, InvalidToken
from gateway.identity.keys.sources import IdentityServices, build_sources
from gateway.identity.principal import Principal
from gateway.identity.provider.fetch import Fetcher
from gateway.identity.revocation.revocations import Revocations
from gateway.resilience.single_flight import SingleFlight
from tests.support.hand_clock import HandClock
from tests.support.token_signer import TokenSigner
from tests.unit.identity.revocation.conftest import World

CLIENT = "mcp-client"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
Take = Callable[[str], Awaitable[None]]


@pytest.fixture
def world(tmp_path: object, clock: HandClock) -> World:
    return World(tmp_path, clock)  # type: ignore[arg-type]  # pytest's own path


@pytest.fixture
def revocations(world: World) -> Revocations:
    return world.replica()


@pytest.fixture
async def take(
    signer: TokenSigner, flights: SingleFlight, revocations: Revocations, world: World
) -> AsyncIterator[Take]:
    """What takes the logout tokens of one issuer."""
    issuer = Issuer(
        issuer=signer.issuer,
        jwks=Jwks(url=f"{signer.issuer}/jwks"),
        backchannel_logout=BackchannelLogout(clients=(CLIENT,)),
    )
    async with Fetcher(timeout_s=1.0) as fetcher:
        sources = build_sources("corp", issuer, fetcher, IdentityServices(flights))
        yield logout_taker(issuer, sources, revocations, world.store)


def logout(signer: TokenSigner, **claims: object) -> str:
    now = int(time.time())
    said: dict[str, object] = {
        "events": {EVENT: {}},
        "jti": "j-1",
        "scope": None,
        "iat": now,
        "exp": now + 120,
    }
    return signer.token(CLIENT, header={"typ": "logout+jwt"}, key=None, **(said | claims))


def issued(signer: TokenSigner, subject: str, session: str, at: float) -> Principal:
    return Principal(signer.issuer, subject, issued_at=at, session_id=session)


@pytest.mark.requirement("115")
async def test_a_logout_revokes_what_was_issued_before_it(
    take: Take, signer: TokenSigner, revocations: Revocations
) -> None:
    await take(logout(signer, sid="s-1"))

    now = time.time()
    assert revocations.concerns(issued(signer, "ada", "s-2", now - 60))
    assert revocations.concerns(issued(signer, "eve", "s-1", now - 60))
    assert not revocations.concerns(issued(signer, "ada", "s-2", now + 60))
    assert not revocations.concerns(issued(signer, "eve", "s-2", now - 60))


async def test_a_logout_that_comes_twice_takes_effect_once(
    take: Take, signer: TokenSigner, revocations: Revocations
) -> None:
    token = logout(signer, sid="s-1")
    await take(token)
    for each in revocations.listed():
        await revocations.remove(each.identity)

    await take(token)

    assert len(revocations) == 0


async def test_a_logout_that_cannot_be_kept_may_be_tried_again(
    take: Take, signer: TokenSigner, revocations: Revocations, world: World
) -> None:
    token = logout(signer, sid="s-1")
    world.store.is_plugged = False
    with pytest.raises(IdentityUnavailable):
        await take(token)
    world.store.is_plugged = True

    await take(token)

    assert len(revocations) > 0


async def test_what_is_no_logout_revokes_nobody(
    take: Take, signer: TokenSigner, revocations: Revocations
) -> None:
    with pytest.raises(InvalidToken):
        await take(signer.token(CLIENT))

    assert len(revocations) == 0
