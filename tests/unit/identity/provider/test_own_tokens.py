"""Tokens for the gateway itself: RFC 6749 §4.4."""

import asyncio

import pytest

from gateway.config.issuer import ClientCredentials
from gateway.errors import IdentityUnavailable
from gateway.identity.provider.client_auth import ClientAuth
from gateway.identity.provider.own_tokens import OwnTokens
from gateway.resilience.single_flight import SingleFlight
from tests.support.hand_clock import HandClock
from tests.support.issuer_service import Asked, IssuerService, Scene
from tests.unit.identity.conftest import Asking

ANSWER = {"access_token": "own", "token_type": "Bearer", "expires_in": 100}


@pytest.fixture
def tokens(
    service: IssuerService, asking: Asking, flights: SingleFlight, clock: HandClock
) -> OwnTokens:
    settings = ClientCredentials.model_validate(
        {
            "client_id": "gw",
            "client_secret": "s",
            "token_url": f"{service.url}/{{tid}}/token",
            "scope": "directory",
            "audience": "https://api.example",
            "resource": "https://api.example/groups",
        }
    )
    auth = ClientAuth(settings, "https://idp.example")
    return OwnTokens(settings, asking.provider, auth, flights, clock.clocks)


async def test_the_grant_asks_for_what_is_configured(
    service: IssuerService, tokens: OwnTokens
) -> None:
    service.scenes["/t1/token"] = Scene(ANSWER)

    assert await tokens.token({"tid": "t1"}) == "own"
    assert service.asked[0].form == {
        "grant_type": "client_credentials",
        "scope": "directory",
        "audience": "https://api.example",
        "resource": "https://api.example/groups",
    }


async def test_a_token_is_kept_for_its_tenant_until_shortly_before_its_end(
    service: IssuerService, tokens: OwnTokens, clock: HandClock
) -> None:
    def answer(asked: Asked) -> Scene:
        return Scene(ANSWER | {"access_token": f"{asked.path[1:3]}-{len(service.asked)}"})

    service.scenes |= {"/t1/token": answer, "/t2/token": answer}

    assert await tokens.token({"tid": "t1"}) == "t1-1"
    assert await tokens.token({"tid": "t2"}) == "t2-2"
    clock.advance(89)
    assert await tokens.token({"tid": "t1"}) == "t1-1"
    clock.advance(1)
    assert await tokens.token({"tid": "t1"}) == "t1-3"


async def test_all_who_wait_share_one_question(service: IssuerService, tokens: OwnTokens) -> None:
    service.scenes["/t1/token"] = Scene(ANSWER)

    found = await asyncio.gather(*(tokens.token({"tid": "t1"}) for _ in range(20)))

    assert set(found) == {"own"}
    assert service.count("/t1/token") == 1


@pytest.mark.parametrize("scene", [Scene({"error": "invalid_client"}, 401), Scene({}), Scene([])])
async def test_without_a_token_nothing_can_be_asked(
    service: IssuerService, tokens: OwnTokens, scene: Scene
) -> None:
    service.scenes["/t1/token"] = scene

    with pytest.raises(IdentityUnavailable):
        await tokens.token({"tid": "t1"})


async def test_a_refusal_is_logged_by_its_code_alone(
    service: IssuerService, tokens: OwnTokens, caplog: pytest.LogCaptureFixture
) -> None:
    answer = {"error": "invalid_client", "error_description": "secret s is wrong"}
    service.scenes["/t1/token"] = Scene(answer, 401)

    with pytest.raises(IdentityUnavailable):
        await tokens.token({"tid": "t1"})

    assert vars(caplog.records[0])["error"] == "token endpoint: 401 invalid_client"


@pytest.mark.requirement("A14")
@pytest.mark.parametrize("is_known", [True, False])
async def test_a_strange_tenant_is_not_counted_for_the_others(
    service: IssuerService, tokens: OwnTokens, asking: Asking, is_known: bool
) -> None:
    service.scenes["/t1/token"] = Scene(ANSWER)
    if is_known:
        await tokens.token({"tid": "t1"})
    for number in range(6):
        with pytest.raises(IdentityUnavailable):
            await tokens.token({"tid": f"strange-{number}"})

    assert not asking.provider.breaker.is_open
    assert await tokens.token({"tid": "t1"}) == "own"


@pytest.mark.requirement("P1")
async def test_no_claim_leads_to_another_place(service: IssuerService, tokens: OwnTokens) -> None:
    with pytest.raises(IdentityUnavailable):
        await tokens.token({})
    service.scenes["/t1/token"] = Scene(ANSWER)

    with pytest.raises(IdentityUnavailable):
        await tokens.token({"tid": "../t1"})

    assert "/t1/token" not in [each.path for each in service.asked]
