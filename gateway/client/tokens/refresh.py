"""A token that is good now: kept, or renewed once for all processes that want it."""

import time
from dataclasses import replace

from gateway.client.failure import ClientFailure, LoginNeeded, Refused
from gateway.client.tokens.logins import Login, Tokens, with_login
from gateway.client.tokens.token_endpoint import exchange
from gateway.client.tokens.token_file import TokenFile
from gateway.client.web import Web

_DEAD = frozenset({"invalid_grant", "invalid_client", "unauthorized_client"})


async def renew(web: Web, file: TokenFile, login: Login) -> Login:
    """Exchange the refresh token of a login, unless another process has done it meanwhile.

    A refresh token is good for one use: two processes that use it at once look like a thief to
    the issuer, which then ends the login. Raises `LoginNeeded` when only a person can help.
    """
    with file.exchanging(login.key):
        kept = next((each for each in file.read() if each.key == login.key), None)
        if kept is None:
            raise LoginNeeded(login.server_url, "the login was ended meanwhile")
        if kept.tokens.access_token != login.tokens.access_token:
            return kept
        if kept.tokens.refresh_token is None:
            raise LoginNeeded(login.server_url, f"{login.issuer} gave no refresh token")
        renewed = await _exchange(web, file, kept, kept.tokens.refresh_token)
        file.change(lambda logins: with_login(logins, renewed))
        return renewed


async def usable_login(web: Web, file: TokenFile, login: Login) -> Login:
    """The login with a token that will still be good for a moment.

    Where the issuer cannot be asked, one that is still good at all. Raises `ClientFailure`.
    """
    if login.tokens.is_fresh(time.time()):
        return login
    try:
        return await renew(web, file, login)
    except (LoginNeeded, Refused):
        raise
    except ClientFailure:
        expires_at = login.tokens.expires_at
        if expires_at is not None and time.time() < expires_at:
            return login
        raise


async def _exchange(web: Web, file: TokenFile, login: Login, refresh_token: str) -> Login:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        "resource": login.resource,  # RFC 8707 §2.2: else some issue a token for nobody
    }
    try:
        fresh = await exchange(web, login.token_endpoint, login.registration, form, time.time())
    except Refused as refused:
        if refused.code in _DEAD:
            _forget_refresh_token(file, login)
            raise LoginNeeded(login.server_url, f"the login is over ({refused})") from refused
        raise
    return replace(login, tokens=_merged(login.tokens, fresh))


def _merged(old: Tokens, fresh: Tokens) -> Tokens:
    # RFC 6749 §6: what is not said stays as it was.
    return replace(
        fresh,
        refresh_token=fresh.refresh_token or old.refresh_token,
        scopes=old.scopes if fresh.scopes is None else fresh.scopes,
    )


def _forget_refresh_token(file: TokenFile, login: Login) -> None:
    # Shown again, it would be refused again, or taken for stolen.
    dead = replace(login, tokens=replace(login.tokens, refresh_token=None))
    file.change(lambda logins: with_login(logins, dead))
