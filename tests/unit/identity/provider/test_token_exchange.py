"""The caller's token for one that the upstream accepts: RFC 8693."""

import asyncio

import pytest

from gateway.config.model import TokenExchange
from gateway.errors import IdentityUnavailable, UpstreamCredentialRefused
from gateway.identity.principal import Principal
from gateway.identity.provider.client_auth import ClientAuth
from gateway.identity.provider.question import SAMPLE_TOKEN
from gateway.identity.provider.token_exchange import ACCESS_TOKEN, GRANT_TYPE, TokenExchanges
from gateway.resilience.single_flight import SingleFlight
from tests.support.hand_clock import HandClock
from tests.support.issuer_service import Asked, IssuerService, Scene
from tests.unit.identity.conftest import Asking

ADA = Principal("https://idp.example", "ada", "cli")
BOB = Principal("https://idp.example", "bob", "cli")


@pytest.fixture
def exchanges(
    service: IssuerService, asking: Asking, flights: SingleFlight, clock: HandClock
) -> TokenExchanges:
    settings = TokenExchange.model_validate(
        {
            "token_url": f"{service.url}/token",
            "client_id": "gw",
            "client_secret": "s",
            "resource": "https://up.example",
            "scope": "tools",
        }
    )
    service.scenes["/token"] = lambda asked: Scene(
        {
            "access_token": f"t-{len(service.asked)}",
            "token_type": "Bearer",
            "issued_token_type": ACCESS_TOKEN,
            "expires_in": 100,
        }
    )
    auth = ClientAuth(settings, settings.token_url)
    return TokenExchanges(settings, asking.provider, auth, flights, clock.clocks)


@pytest.mark.requirement("156")
async def test_it_asks_for_a_token_of_the_upstream(
    service: IssuerService, exchanges: TokenExchanges, clock: HandClock
) -> None:
    assert await exchanges.exchange(ADA, "own", clock.wall) == "t-1"
    assert service.asked[0].form == {
        "grant_type": GRANT_TYPE,
        "subject_token": "own",
        "subject_token_type": ACCESS_TOKEN,
        "requested_token_type": ACCESS_TOKEN,
        "resource": "https://up.example",
        "scope": "tools",
    }


@pytest.mark.requirement("156", "181")
async def test_nobody_gets_what_was_granted_for_another(
    exchanges: TokenExchanges, clock: HandClock
) -> None:
    first = await exchanges.exchange(ADA, "own", clock.wall)

    assert await exchanges.exchange(ADA, "own", clock.wall) == first
    assert await exchanges.exchange(BOB, "own", clock.wall) != first
    assert await exchanges.exchange(ADA, "another", clock.wall) != first


async def test_a_granted_token_is_used_until_shortly_before_either_ends(
    exchanges: TokenExchanges, clock: HandClock
) -> None:
    first = await exchanges.exchange(ADA, "own", clock.wall)
    clock.advance(89)
    assert await exchanges.exchange(ADA, "own", clock.wall) == first
    clock.advance(1)
    assert await exchanges.exchange(ADA, "own", clock.wall) != first

    short = Principal("https://idp.example", "eve", expires_at=clock.wall + 10)
    second = await exchanges.exchange(short, "own", clock.wall)
    clock.advance(10)
    assert await exchanges.exchange(short, "own", clock.wall) != second


async def test_all_who_wait_share_one_exchange(
    service: IssuerService, exchanges: TokenExchanges, clock: HandClock
) -> None:
    waiting = [exchanges.exchange(ADA, "own", clock.wall) for _ in range(20)]

    assert set(await asyncio.gather(*waiting)) == {"t-1"}
    assert service.count("/token") == 1


@pytest.mark.requirement("A14")
@pytest.mark.parametrize(
    "refusal",
    [
        Scene(status=401),
        Scene(status=403),
        Scene(status=404),
        Scene(status=413),
        Scene({"error": "invalid_grant"}, 401),
        Scene({"error": "unauthorized_client"}, 400),
    ],
)
async def test_a_refusal_of_one_caller_is_not_counted_for_the_others(
    service: IssuerService,
    exchanges: TokenExchanges,
    asking: Asking,
    clock: HandClock,
    refusal: Scene,
) -> None:
    granting = service.scenes["/token"]
    assert callable(granting)

    def answer(asked: Asked) -> Scene:
        if asked.form["subject_token"] == SAMPLE_TOKEN:
            return Scene({"error": "invalid_request"}, 400)
        return refusal if asked.form["subject_token"].startswith("odd") else granting(asked)

    service.scenes["/token"] = answer
    for number in range(6):
        with pytest.raises(UpstreamCredentialRefused):
            await exchanges.exchange(BOB, f"odd{number}", clock.wall)

    assert not asking.provider.breaker.is_open
    assert (await exchanges.exchange(ADA, "own", clock.wall)).startswith("t-")


@pytest.mark.requirement("156")
@pytest.mark.parametrize(
    ("scene", "error"),
    [
        (Scene({"error": "invalid_grant"}, 400), UpstreamCredentialRefused),
        (Scene({"error": "interaction_required"}, 400), UpstreamCredentialRefused),
        (Scene({"error": ["invalid_grant"]}, 400), IdentityUnavailable),
        (Scene({"error": "unauthorized_client"}, 400), IdentityUnavailable),
        (Scene(status=500), IdentityUnavailable),
        (Scene({"access_token": "x", "token_type": "Bearer"}), IdentityUnavailable),
    ],
)
async def test_without_a_grant_there_is_none(
    service: IssuerService,
    exchanges: TokenExchanges,
    clock: HandClock,
    scene: Scene,
    error: type[Exception],
) -> None:
    service.scenes["/token"] = scene

    with pytest.raises(error):
        await exchanges.exchange(ADA, "own", clock.wall)
