import time
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.client.failure import ClientFailure, LoginNeeded, Refused
from gateway.client.tokens.logins import Login, Tokens, with_login, without_login
from gateway.client.tokens.refresh import renew, usable_login
from gateway.client.tokens.token_file import TokenFile
from gateway.client.web import Web
from tests.support.issuer_service import IssuerService, Scene
from tests.unit.client.tokens.test_logins import LOGIN

FRESH = {"access_token": "new", "token_type": "Bearer", "expires_in": 60}
ERROR = Scene({"error": "invalid_grant"}, 400)


@pytest.fixture
def file(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path)


def kept_at(service: IssuerService, file: TokenFile, expires_at: float = 0.0) -> Login:
    tokens = Tokens("old", 0.0, expires_at, "refresh", ("a",))
    login = replace(LOGIN, token_endpoint=f"{service.url}/token", tokens=tokens)
    file.change(lambda logins: with_login(logins, login))
    return login


async def test_renewed_tokens_are_kept_and_what_is_not_said_stays(file: TokenFile) -> None:
    """RFC 6749 §6."""
    async with IssuerService({"/token": Scene(FRESH)}) as service, Web() as web:
        renewed = await renew(web, file, kept_at(service, file))

    assert renewed.tokens.access_token == "new"  # noqa: S105  # not a password
    assert (renewed.tokens.refresh_token, renewed.tokens.scopes) == ("refresh", ("a",))
    assert file.read() == [renewed]
    assert service.asked[0].form["resource"] == LOGIN.resource


async def test_rotated_refresh_token_takes_the_place_of_the_old_one(file: TokenFile) -> None:
    answer = Scene({**FRESH, "refresh_token": "next", "scope": "a b"})
    async with IssuerService({"/token": answer}) as service, Web() as web:
        renewed = await renew(web, file, kept_at(service, file))

    assert (renewed.tokens.refresh_token, renewed.tokens.scopes) == ("next", ("a", "b"))


async def test_what_another_process_renewed_is_used(file: TokenFile) -> None:
    async with IssuerService({"/token": ERROR}) as service, Web() as web:
        stale = kept_at(service, file)
        other = replace(stale, tokens=replace(stale.tokens, access_token="theirs"))  # noqa: S106  # no password
        file.change(lambda logins: with_login(logins, other))
        found = await renew(web, file, stale)

    assert found == other
    assert service.asked == []


async def test_login_that_is_over_asks_for_a_person_and_is_not_tried_again(
    file: TokenFile,
) -> None:
    async with IssuerService({"/token": ERROR}) as service, Web() as web:
        login = kept_at(service, file)
        for _ in range(2):
            with pytest.raises(LoginNeeded, match="mcpgw login"):
                await renew(web, file, login)

    assert service.count("/token") == 1


async def test_login_that_was_ended_meanwhile_stays_ended(file: TokenFile) -> None:
    async with IssuerService({"/token": Scene(FRESH)}) as service, Web() as web:
        login = kept_at(service, file)
        file.change(lambda logins: without_login(logins, login.key))
        with pytest.raises(LoginNeeded, match="ended meanwhile"):
            await renew(web, file, login)

    assert file.read() == []


@pytest.mark.parametrize("scene", [Scene({"error": "temporarily_unavailable"}, 503), Scene([])])
async def test_issuer_that_has_a_bad_moment_loses_no_login(file: TokenFile, scene: Scene) -> None:
    async with IssuerService({"/token": scene}) as service, Web() as web:
        login = kept_at(service, file)
        with pytest.raises(Refused):
            await renew(web, file, login)

    assert file.read() == [login]


async def test_fresh_token_asks_nobody(file: TokenFile) -> None:
    async with IssuerService() as service, Web() as web:
        login = kept_at(service, file, expires_at=time.time() + 3600)
        assert await usable_login(web, file, login) == login

    assert service.asked == []


async def test_token_with_a_little_left_bridges_an_outage(file: TokenFile) -> None:
    async with Web() as web:
        async with IssuerService() as service:
            short = kept_at(service, file, expires_at=time.time() + 30)
        assert await usable_login(web, file, short) == short

        spent = replace(short, tokens=replace(short.tokens, expires_at=time.time()))
        with pytest.raises(ClientFailure, match="cannot be reached"):
            await usable_login(web, file, spent)
