import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.authserver.accounts.account_file import AccountList, parse_accounts
from gateway.authserver.accounts.accounts import Accounts
from gateway.authserver.accounts.attempts import LoginAttempts
from gateway.authserver.accounts.password_checks import PasswordChecks
from gateway.authserver.grants.refresh_tokens import ANSWER, USED, RefreshRequest
from gateway.authserver.login.local import LocalLogin
from gateway.authserver.login.login_method import LoginSite
from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.errors import GatewayError, IdentityUnavailable
from gateway.oauth.errors import InvalidGrant, InvalidTarget
from gateway.resilience.watched_file import WatchedFile
from gateway.store.unavailable import StoreUnavailable
from tests.support.authorization_server import Setting, Site, running_authorization_server
from tests.support.grants import (
    BOTH,
    DESK,
    OTHER,
    UnreachableStore,
    claims_of,
    code_of,
    logged_in,
    redeem,
    refresh,
    replica_of,
)
from tests.support.login_pages import PersonsBrowser

DAY_S = 86400.0


async def first_of(site: Site, **changes: object) -> str:
    """The refresh token of a new login."""
    answer = await redeem(site, code_of(site), **changes)
    return str(answer["refresh_token"])


@pytest.mark.requirement("59", "133")
async def test_each_use_brings_another_refresh_token_of_the_same_login(site: Site) -> None:
    token = await first_of(site)
    family_ids, tokens = set(), {token}
    for _ in range(3):
        answer = await refresh(site, token)
        token = str(answer["refresh_token"])
        tokens.add(token)
        family_ids.add(claims_of(answer["access_token"])["sid"])

    assert len(tokens) == 4
    assert len(family_ids) == 1
    assert site.voided == []


@pytest.mark.requirement("133", "F10")
async def test_within_the_grace_the_client_gets_the_same_answer_byte_for_byte(site: Site) -> None:
    token = await first_of(site)
    first = await refresh(site, token)
    site.clock.advance(29.9)

    second = await refresh(site, token)

    assert second == first
    assert site.voided == []


@pytest.mark.requirement("133", "F10", "F19")
async def test_fifty_who_refresh_at_two_replicas_share_one_lineage(site: Site) -> None:
    token, replica = await first_of(site), replica_of(site)
    places = [site.server.grants, replica] * 25

    told = await asyncio.gather(*(refresh(site, token, grants) for grants in places))

    assert all(each == told[0] for each in told)
    assert len(await site.store.entries(USED)) == 1
    again = await refresh(site, told[-1]["refresh_token"], replica)
    assert again["refresh_token"] != told[0]["refresh_token"]
    assert site.voided == []


@pytest.mark.requirement("133", "F10")
@pytest.mark.parametrize("grace", ["0s", "30s"])
async def test_reuse_after_the_grace_ends_the_login_and_its_access_tokens(grace: str) -> None:
    """RFC 9700 §4.14.2."""
    settings = Settings.model_validate({"refresh_grace": grace})
    async with running_authorization_server(Setting(settings)) as site:
        token = await first_of(site)
        good = await refresh(site, token)
        site.clock.advance(settings.refresh_grace)

        with pytest.raises(InvalidGrant) as refused:
            await refresh(site, token)
        with pytest.raises(InvalidGrant) as ended:
            await refresh(site, good["refresh_token"])

        assert refused.value.reason == "refresh_reused"
        assert ended.value.reason == "family_ended"
        assert site.voided == [claims_of(good["access_token"])["sid"]]
        now = site.clock.wall
        assert await site.server.grants.live_claims(str(good["access_token"]), now) is None


@pytest.mark.requirement("133", "F10")
async def test_reused_token_ends_no_login_but_its_own(site: Site) -> None:
    stolen, other = await first_of(site), await first_of(site)
    await refresh(site, stolen)
    site.clock.advance(31)

    with pytest.raises(InvalidGrant):
        await refresh(site, stolen)

    assert "access_token" in await refresh(site, other)


@pytest.mark.requirement("133", "F10")
async def test_reuse_is_noticed_as_long_as_the_login_could_last(site: Site) -> None:
    token = await first_of(site)
    await refresh(site, token)
    site.clock.advance(13.9 * DAY_S)

    with pytest.raises(InvalidGrant) as refused:
        await refresh(site, token)

    assert refused.value.reason == "refresh_reused"


@pytest.mark.requirement("134")
@pytest.mark.parametrize(("days", "is_good"), [(13.9, True), (14.0, False)])
async def test_token_that_rests_for_two_weeks_is_over(
    site: Site, days: float, is_good: bool
) -> None:
    token = await first_of(site)
    site.clock.advance(days * DAY_S)

    told = site.server.grants.refresh_tokens.open(token, DESK.client_id, site.clock.wall)

    assert (told is not None) is is_good


@pytest.mark.requirement("134")
async def test_login_ends_after_thirty_days_however_often_it_is_refreshed(site: Site) -> None:
    token = await first_of(site)
    for _ in range(3):
        site.clock.advance(9.9 * DAY_S)
        token = str((await refresh(site, token))["refresh_token"])
    site.clock.advance(0.3 * DAY_S)

    with pytest.raises(InvalidGrant) as refused:
        await refresh(site, token)

    assert refused.value.reason == "refresh_unknown"


@pytest.mark.requirement("92", "F10")
@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        (None, "mcp:read mcp:write"),
        (frozenset({"mcp:read"}), "mcp:read"),
        (frozenset({"mcp:read", "mcp:admin"}), "mcp:read"),
        (BOTH | {"mcp:admin"}, "mcp:read mcp:write"),
        (frozenset({"mcp:admin"}), "mcp:read mcp:write"),
    ],
)
async def test_scopes_are_narrowed_and_never_widened(
    site: Site, asked: frozenset[str] | None, granted: str
) -> None:
    """RFC 6749 §6."""
    answer = await refresh(site, await first_of(site), scopes=asked)

    assert answer["scope"] == granted
    assert claims_of(answer["access_token"])["scope"] == granted


@pytest.mark.requirement("92")
async def test_narrowing_once_narrows_no_later_refresh(site: Site) -> None:
    narrow = await refresh(site, await first_of(site), scopes=frozenset({"mcp:read"}))

    answer = await refresh(site, narrow["refresh_token"])

    assert answer["scope"] == "mcp:read mcp:write"


@pytest.mark.requirement("F10")
async def test_who_asks_for_other_scopes_within_the_grace_is_of_the_same_lineage(
    site: Site,
) -> None:
    token = await first_of(site)
    whole = await refresh(site, token)

    narrow = await refresh(site, token, scopes=frozenset({"mcp:read"}))
    one = await refresh(site, narrow["refresh_token"])
    other = await refresh(site, whole["refresh_token"])

    assert narrow["scope"] == "mcp:read"
    assert claims_of(one["access_token"])["jti"] == claims_of(other["access_token"])["jti"]


@pytest.mark.requirement("F10", "132")
@pytest.mark.parametrize(
    ("changes", "error", "reason"),
    [
        ({"client": OTHER}, InvalidGrant, "refresh_unknown"),
        ({"text": "x"}, InvalidGrant, "refresh_unknown"),
        ({"resource": "https://other.example/mcp"}, InvalidTarget, "invalid_target"),
    ],
)
async def test_what_is_refused_is_not_used_up_and_ends_nothing(
    site: Site, changes: dict[str, object], error: type[GatewayError], reason: str
) -> None:
    token = await first_of(site)

    with pytest.raises(error) as refused:
        await refresh(site, token, None, **changes)

    assert refused.value.reason == reason
    assert await site.store.entries(USED) == {}
    assert site.voided == []
    assert "access_token" in await refresh(site, token)


@pytest.mark.requirement("F10")
async def test_code_and_access_token_are_no_refresh_tokens(site: Site) -> None:
    code = code_of(site)
    answer = await redeem(site, code)

    for token in (code, answer["access_token"]):
        with pytest.raises(InvalidGrant):
            await refresh(site, token)


@pytest.mark.requirement("F10")
async def test_refresh_token_that_is_bound_to_a_key_needs_the_same_key(site: Site) -> None:
    """RFC 9449 §5."""
    token = await first_of(site, dpop_key="own")

    for key in (None, "another"):
        with pytest.raises(InvalidGrant) as refused:
            await refresh(site, token, dpop_key=key)
        assert refused.value.reason == "dpop_key"
    answer = await refresh(site, token, dpop_key="own")

    assert claims_of(answer["access_token"])["cnf"] == {"jkt": "own"}
    with pytest.raises(InvalidGrant):
        await refresh(site, answer["refresh_token"])


@pytest.mark.requirement("F10")
async def test_within_the_grace_another_key_gets_no_answer(site: Site) -> None:
    token = await first_of(site, dpop_key="own")
    await refresh(site, token, dpop_key="own")

    with pytest.raises(InvalidGrant):
        await refresh(site, token, dpop_key="another")

    assert site.voided == []


async def test_disabled_account_gets_not_even_the_answer_of_the_grace(site: Site) -> None:
    token = await first_of(site)
    await refresh(site, token)
    await site.change("ada", disabled=True)

    with pytest.raises(InvalidGrant) as refused:
        await refresh(site, token)

    assert refused.value.reason == "account_gone"


async def test_disabled_account_spends_nothing_and_refreshes_once_it_is_enabled(
    site: Site,
) -> None:
    token = await first_of(site)
    await site.change("ada", disabled=True)
    with pytest.raises(InvalidGrant):
        await refresh(site, token)
    await site.change("ada", disabled=False)

    assert "access_token" in await refresh(site, token)


async def test_refresh_spends_nothing_while_nobody_knows_the_accounts(
    site: Site, tmp_path: Path
) -> None:
    token = await first_of(site)
    unread = WatchedFile(tmp_path / "gone.yaml", parse_accounts, AccountList())
    checks = PasswordChecks()
    place = LoginSite("", "", lambda name: name, site.server.steps)
    login = LocalLogin(Accounts(unread, LoginAttempts(), checks), place, lambda request: "")
    asked = RefreshRequest(token, DESK, None, None, None)

    with pytest.raises(IdentityUnavailable):
        await site.server.grants.refresh_tokens.refresh(asked, login, site.clock.wall)

    checks.close()
    assert await site.store.entries(USED) == {}
    assert "access_token" in await refresh(site, token)


@pytest.mark.requirement("143")
async def test_kept_answer_is_sealed_and_gone_after_the_grace(site: Site) -> None:
    token = await first_of(site)
    answer = await refresh(site, token)

    (kept,) = (await site.store.entries(ANSWER)).values()
    site.clock.advance(30)

    assert str(answer["refresh_token"]).encode() not in kept
    assert str(answer["access_token"]).encode() not in kept
    assert await site.store.entries(ANSWER) == {}


@pytest.mark.requirement("143")
async def test_store_holds_neither_token_nor_name(site: Site) -> None:
    token = await first_of(site)
    await refresh(site, token)

    held = {**await site.store.entries(USED), **await site.store.entries(ANSWER)}
    text = repr(held)

    assert len(held) == 2
    assert token not in text
    assert "ada" not in text


@pytest.mark.requirement("133", "F19")
async def test_store_that_is_away_is_503_and_spends_no_token(browser: PersonsBrowser) -> None:
    store = UnreachableStore()
    async with running_authorization_server(Setting(store=store)) as site:
        client = await site.registered()
        _, answer = await logged_in(client, browser)
        token = str(answer["refresh_token"])
        store.is_away = True
        status, told = await client.refresh(token)
        store.is_away = False
        later, _ = await client.refresh(token)

    assert (status, told["error"]) == (503, "temporarily_unavailable")
    assert "access_token" not in told
    assert ("refresh", "store_unavailable") in site.steps
    assert (later, site.voided) == (200, [])


class FailsAfterTheMark(UnreachableStore):
    """Goes away right after it marked a refresh token as used."""

    async def add(self, kind: str, key: str, value: bytes, expires_at: float | None) -> bool:
        added = await super().add(kind, key, value, expires_at)
        self.is_away = kind == USED and added
        return added


@pytest.mark.requirement("133", "F19")
async def test_client_whose_answer_was_lost_refreshes_again_within_the_grace() -> None:
    store = FailsAfterTheMark()
    async with running_authorization_server(Setting(store=store)) as site:
        token = await first_of(site)
        with pytest.raises(StoreUnavailable):
            await refresh(site, token)
        store.is_away = False

        answer = await refresh(site, token)

    assert "access_token" in answer
    assert site.voided == []


@pytest.mark.requirement("131")
async def test_what_a_client_may_no_longer_have_is_gone_at_its_next_refresh(site: Site) -> None:
    fewer = replace(DESK, scopes=frozenset({"mcp:read"}))
    answer = await refresh(site, await first_of(site), client=fewer)
    assert answer["scope"] == "mcp:read"

    with pytest.raises(InvalidGrant):
        await refresh(site, await first_of(site), client=replace(DESK, scopes=frozenset({"x"})))
