from pathlib import Path

import pytest

from gateway.authserver.grants.grants import build_grants
from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.identity.keys.local_issuer import LocalIssuer
from gateway.oauth.errors import InvalidGrant
from tests.support.authorization_server import Site
from tests.support.grants import (
    DESK,
    OTHER,
    claims_of,
    code_of,
    exchange_of,
    header_of,
    parts_of,
    redeem,
    refresh,
    replica_of,
)


async def void_nothing(family_id: str, now: float) -> None:
    """There is nobody to tell."""


@pytest.mark.requirement("152")
async def test_both_tokens_of_a_client_name_their_login(site: Site) -> None:
    answer, grants = await redeem(site, code_of(site)), site.server.grants
    sid = claims_of(answer["access_token"])["sid"]

    for name in ("access_token", "refresh_token"):
        token = str(answer[name])
        assert grants.family_of(token, DESK.client_id, site.clock.wall) == sid
        assert grants.family_of(token, OTHER.client_id, site.clock.wall) is None
        assert grants.family_of(token[:-4] + "AAAA", DESK.client_id, site.clock.wall) is None


async def test_access_token_counts_until_it_is_over_or_its_login_ends(site: Site) -> None:
    answer, grants = await redeem(site, code_of(site)), site.server.grants
    token, now = str(answer["access_token"]), site.clock.wall

    assert await grants.live_claims(token, now + 3599) == claims_of(token)
    assert await grants.live_claims(token, now + 3600) is None
    await grants.families.end(str(claims_of(token)["sid"]), now)
    assert await grants.live_claims(token, now) is None


@pytest.mark.requirement("F18")
async def test_after_a_new_signing_key_old_access_tokens_are_void_and_logins_go_on(
    site: Site, tmp_path: Path
) -> None:
    """RFC 7517 §5: whoever stole the key signs nothing that counts any longer."""
    answer = await redeem(site, code_of(site))
    signer = LocalIssuer.load_or_create(tmp_path, site.issuer)
    renewed = build_grants(Settings(), parts_of(site, signer, void_nothing))

    again = await refresh(site, answer["refresh_token"], renewed)

    now = site.clock.wall
    assert await renewed.live_claims(str(answer["access_token"]), now) is None
    assert await renewed.live_claims(str(again["access_token"]), now) is not None
    old, new = header_of(answer["access_token"]), header_of(again["access_token"])
    assert old["kid"] != new["kid"]


@pytest.mark.requirement("F19")
async def test_replica_sees_the_codes_that_another_used_and_the_logins_that_it_ended(
    site: Site,
) -> None:
    replica, code = replica_of(site), code_of(site)
    answer = await redeem(site, code)

    with pytest.raises(InvalidGrant) as reused:
        await replica.codes.exchange(exchange_of(code), site.clock.wall)
    with pytest.raises(InvalidGrant) as ended:
        await refresh(site, answer["refresh_token"], replica)

    assert reused.value.reason == "code_reused"
    assert ended.value.reason == "family_ended"
    assert await replica.live_claims(str(answer["access_token"]), site.clock.wall) is None


async def test_lifetimes_are_the_configured_ones(site: Site) -> None:
    told = {"access_token": "60s", "refresh_idle": "1h", "refresh_token": "2h"}
    grants = replica_of(site, Settings.model_validate(told))
    answer = await grants.codes.exchange(exchange_of(code_of(site)), site.clock.wall)
    token, now = str(answer["refresh_token"]), site.clock.wall

    assert answer["expires_in"] == 60
    assert grants.refresh_tokens.open(token, DESK.client_id, now + 3599) is not None
    assert grants.refresh_tokens.open(token, DESK.client_id, now + 3600) is None
