import asyncio

import pytest

from gateway.authserver.clients.client import Client
from gateway.authserver.grants.codes import USED
from gateway.errors import GatewayError
from gateway.oauth.errors import InvalidClient, InvalidGrant, InvalidTarget
from tests.support.authorization_server import Setting, Site, running_authorization_server
from tests.support.grants import (
    ADA,
    DESK,
    OTHER,
    UnreachableStore,
    claims_of,
    code_of,
    exchange_of,
    flow_of,
    logged_in,
    redeem,
    refresh,
    replica_of,
)
from tests.support.login_pages import PersonsBrowser


@pytest.mark.requirement("132")
async def test_code_tells_its_client_what_the_login_was_for(site: Site) -> None:
    flow = flow_of(site)
    code = site.server.grants.codes.issue(flow, ADA, site.clock.wall)

    told = site.server.grants.codes.open(code, DESK.client_id, site.clock.wall)

    assert told.family.family_id == flow.flow_id
    assert told.family.person == ADA
    assert told.family.scopes == flow.scopes
    assert told.redirect_uri == flow.redirect_uri
    assert told.code_challenge == flow.code_challenge


@pytest.mark.requirement("143")
async def test_no_two_codes_are_alike_and_none_can_be_read(site: Site) -> None:
    flow = flow_of(site)
    codes = {site.server.grants.codes.issue(flow, ADA, site.clock.wall) for _ in range(20)}

    assert len(codes) == 20
    assert not any("ada" in code or flow.code_challenge in code for code in codes)


@pytest.mark.requirement("130", "F9")
async def test_second_use_of_a_code_voids_the_tokens_of_the_first(site: Site) -> None:
    """RFC 6749 §4.1.2."""
    code = code_of(site)
    first = await redeem(site, code)

    with pytest.raises(InvalidGrant) as refused:
        await redeem(site, code)

    assert refused.value.reason == "code_reused"
    assert site.voided == [claims_of(first["access_token"])["sid"]]
    with pytest.raises(InvalidGrant, match="ended"):
        await refresh(site, first["refresh_token"])
    now = site.clock.wall
    assert await site.server.grants.live_claims(str(first["access_token"]), now) is None


@pytest.mark.requirement("130", "F9", "F19")
async def test_of_fifty_at_two_replicas_one_redeems_the_code(site: Site) -> None:
    code, replica = code_of(site), replica_of(site)
    places = [site.server.grants.codes, replica.codes] * 25

    told = await asyncio.gather(
        *(place.exchange(exchange_of(code), site.clock.wall) for place in places),
        return_exceptions=True,
    )

    refused = [each for each in told if isinstance(each, InvalidGrant)]
    assert len(refused) == 49
    assert {each.reason for each in refused} == {"code_reused"}


@pytest.mark.requirement("131", "F9")
@pytest.mark.parametrize(("seconds", "is_good"), [(59.9, True), (60.0, False)])
async def test_code_lives_for_sixty_seconds(site: Site, seconds: float, is_good: bool) -> None:
    code = code_of(site)
    site.clock.advance(seconds)

    if is_good:
        assert "access_token" in await redeem(site, code)
    else:
        with pytest.raises(InvalidGrant):
            await redeem(site, code)


@pytest.mark.requirement("131", "F9")
async def test_mark_of_a_used_code_outlives_the_code(site: Site) -> None:
    code = code_of(site)
    await redeem(site, code)
    site.clock.advance(59.9)

    with pytest.raises(InvalidGrant) as refused:
        await redeem(site, code)

    assert refused.value.reason == "code_reused"


@pytest.mark.requirement("132", "F8", "F9")
@pytest.mark.parametrize(
    ("changes", "error", "reason"),
    [
        ({"client": OTHER}, InvalidGrant, "code_unknown"),
        ({"code": "x"}, InvalidGrant, "code_unknown"),
        ({"code": "é" * 100}, InvalidGrant, "code_unknown"),
        ({"redirect_uri": "http://127.0.0.1:33418/callback/"}, InvalidGrant, "redirect_uri"),
        ({"code_verifier": None}, InvalidGrant, "pkce_verifier"),
        ({"code_verifier": "v" * 43}, InvalidGrant, "pkce_verifier"),
        ({"code_verifier": "v" * 42}, InvalidGrant, "pkce_verifier"),
        ({"resource": "https://other.example/mcp"}, InvalidTarget, "invalid_target"),
    ],
)
async def test_whoever_lacks_a_part_gets_nothing_spends_nothing_and_ends_nothing(
    site: Site, changes: dict[str, object], error: type[GatewayError], reason: str
) -> None:
    code = code_of(site)

    with pytest.raises(error) as refused:
        await redeem(site, **({"code": code} | changes))  # type: ignore[arg-type]  # as named

    assert refused.value.reason == reason
    assert await site.store.entries(USED) == {}
    assert "access_token" in await redeem(site, code)


@pytest.mark.requirement("132", "F9")
async def test_whoever_found_a_used_code_without_its_verifier_cannot_end_the_login(
    site: Site,
) -> None:
    code = code_of(site)
    answer = await redeem(site, code)

    with pytest.raises(InvalidGrant):
        await redeem(site, code, code_verifier="v" * 43)

    assert site.voided == []
    assert "access_token" in await refresh(site, answer["refresh_token"])


@pytest.mark.requirement("132")
async def test_code_that_a_key_was_named_for_needs_this_key(site: Site) -> None:
    """RFC 9449 §10."""
    code = code_of(site, dpop_key="thumbprint")

    for key in (None, "another"):
        with pytest.raises(InvalidGrant) as refused:
            await redeem(site, code, dpop_key=key)
        assert refused.value.reason == "dpop_key"
    answer = await redeem(site, code, dpop_key="thumbprint")

    assert answer["token_type"] == "DPoP"  # noqa: S105  # a kind of token
    assert claims_of(answer["access_token"])["cnf"] == {"jkt": "thumbprint"}


@pytest.mark.requirement("F15")
async def test_code_of_a_confidential_client_is_not_for_a_public_one(site: Site) -> None:
    """RFC 9700 §2.5."""
    confidential = Client("desk", "configured", auth_method="client_secret_basic")
    code = code_of(site, client=confidential)

    with pytest.raises(InvalidClient) as refused:
        await redeem(site, code)

    assert refused.value.reason == "client_downgrade"
    assert "access_token" in await redeem(site, code, client=confidential)


async def test_client_that_may_not_refresh_gets_no_refresh_token(site: Site) -> None:
    client = Client("desk", "registered", grant_types=frozenset({"authorization_code"}))

    answer = await redeem(site, code_of(site, client=client))

    assert "refresh_token" not in answer


@pytest.mark.requirement("130", "F19")
async def test_store_that_is_away_spends_no_code(browser: PersonsBrowser) -> None:
    store = UnreachableStore()
    async with running_authorization_server(Setting(store=store)) as site:
        client = await site.registered()
        page = await browser.log_in(client.authorize_url())
        store.is_away = True
        status, answer = await client.exchange(page.answer["code"])
        store.is_away = False
        later, _ = await client.exchange(page.answer["code"])

    assert (status, answer["error"]) == (503, "temporarily_unavailable")
    assert "access_token" not in answer
    assert ("token", "store_unavailable") in site.steps
    assert later == 200


@pytest.mark.requirement("130", "F9")
async def test_stolen_code_that_comes_second_takes_the_tokens_from_both(
    site: Site, browser: PersonsBrowser
) -> None:
    client = await site.registered()
    code, answer = await logged_in(client, browser)

    status, told = await client.exchange(code)
    after, ended = await client.refresh(str(answer["refresh_token"]))

    assert (status, told["error"]) == (400, "invalid_grant")
    assert (after, ended["error"]) == (400, "invalid_grant")
    assert site.voided == [claims_of(answer["access_token"])["sid"]]
    assert ("token", "code_reused") in site.steps
