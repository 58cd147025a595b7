import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from gateway.authserver.accounts.account_file import AccountList, dump_accounts, parse_accounts
from gateway.authserver.accounts.accounts import Accounts
from gateway.authserver.accounts.attempts import LoginAttempts
from gateway.authserver.accounts.password_checks import PasswordChecks
from gateway.authserver.app import add_authorization_server
from gateway.authserver.build import build_authorization_server
from gateway.authserver.foundation import Foundation
from gateway.authserver.login.local import LocalLogin
from gateway.authserver.resources import ProtectedResource, Resources
from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.config.authorization_server import ConfiguredClient
from gateway.identity.keys.local_issuer import KEY_FILE, LocalIssuer
from gateway.resilience.watched_file import WatchedFile
from gateway.store.memory import MemoryStore
from gateway.store.store import Store
from tests.support.authorization_server import KEY, Site, people
from tests.support.grants import claims_of, header_of, logged_in
from tests.support.login_pages import REDIRECT_URI, OAuthClient, PersonsBrowser
from tests.support.ports import reserved_port

DESK = ConfiguredClient(redirect_uris=(REDIRECT_URI,))
SETTINGS = Settings(clients={"desk": DESK})


def _sender(request: web.Request) -> str:
    return request.remote or ""


@dataclass(slots=True)
class Machine:
    """What outlives a process: its address, its files and the store that replicas share."""

    port: int
    folder: Path
    key: bytes = KEY
    store: Store = field(default_factory=MemoryStore)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self, port: int | None = None) -> AsyncIterator[None]:
        """Run a process; with a port it is a replica behind the same issuer."""
        path = self.folder / "accounts.yaml"
        path.write_text(dump_accounts(people()), encoding="utf-8")
        file = WatchedFile(path, parse_accounts, AccountList())
        await file.load()
        checks = PasswordChecks()
        app = web.Application()
        server = build_authorization_server(SETTINGS, self._foundation(file, checks))
        add_authorization_server(app, server)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port or self.port).start()
        yield
        await runner.cleanup()
        checks.close()

    def _foundation(self, file: WatchedFile[AccountList], checks: PasswordChecks) -> Foundation:
        async def void(family_id: str, now: float) -> None:
            """There is no gateway to tell."""

        accounts = Accounts(file, LoginAttempts(), checks)
        url, scopes = f"{self.issuer}/mcp", frozenset({"mcp:read"})
        return Foundation(
            signer=LocalIssuer.load_or_create(self.folder, self.issuer),
            key=self.key,
            store=self.store,
            resources=Resources([ProtectedResource("mcp", "Mcp", url, url, scopes, scopes)]),
            void_tokens=void,
            login=lambda site, sealed: LocalLogin(accounts, site, _sender),
            address_of=_sender,
            is_revoked=lambda subject, client_id, since: False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with reserved_port() as port:
        yield Machine(port, tmp_path)


@pytest.mark.requirement("69", "F19")
async def test_restart_with_the_same_keys_keeps_clients_codes_and_logins(
    machine: Machine, browser: PersonsBrowser
) -> None:
    client = OAuthClient(machine.issuer)
    async with machine.running():
        await client.register()
        _, answer = await logged_in(client, browser)
        page = await browser.log_in(client.authorize_url())
    machine.store = MemoryStore()

    async with machine.running():
        exchanged, _ = await client.exchange(page.answer["code"])
        status, again = await client.refresh(str(answer["refresh_token"]))

    assert (exchanged, status) == (200, 200)
    assert header_of(again["access_token"]) == header_of(answer["access_token"])


@pytest.mark.requirement("143", "F18")
async def test_restart_with_another_sealing_key_refuses_every_login_as_invalid_grant(
    machine: Machine, browser: PersonsBrowser
) -> None:
    client = OAuthClient(machine.issuer, "desk")
    async with machine.running():
        _, answer = await logged_in(client, browser)
        page = await browser.log_in(client.authorize_url())
    machine.key = bytes(32)

    async with machine.running():
        refreshed = await client.refresh(str(answer["refresh_token"]))
        exchanged = await client.exchange(page.answer["code"])

    told = [(status, each["error"]) for status, each in (refreshed, exchanged)]
    assert told == [(400, "invalid_grant")] * 2


@pytest.mark.requirement("F18")
async def test_restart_without_its_signing_key_keeps_logins_and_signs_with_a_new_one(
    machine: Machine, browser: PersonsBrowser
) -> None:
    client = OAuthClient(machine.issuer, "desk")
    async with machine.running():
        _, answer = await logged_in(client, browser)
    (machine.folder / KEY_FILE).unlink()

    async with machine.running():
        status, again = await client.refresh(str(answer["refresh_token"]))

    assert status == 200
    assert header_of(again["access_token"])["kid"] != header_of(answer["access_token"])["kid"]


@pytest.mark.requirement("130", "133", "F9", "F10", "F19")
async def test_replicas_share_what_was_used(machine: Machine, browser: PersonsBrowser) -> None:
    client = OAuthClient(machine.issuer, "desk")
    with reserved_port() as port:
        async with machine.running(), machine.running(port):
            there = OAuthClient(f"http://127.0.0.1:{port}", "desk", challenge=client.challenge)
            page = await browser.log_in(client.authorize_url())
            code = page.answer["code"]
            used = await asyncio.gather(
                *(each.exchange(code) for each in (client, there) for _ in range(10))
            )
            _, answer = await logged_in(client, browser)
            token = str(answer["refresh_token"])
            refreshed = await asyncio.gather(
                *(each.refresh(token) for each in (client, there) for _ in range(25))
            )

    assert sorted(status for status, _ in used) == [200] + [400] * 19
    assert {status for status, _ in refreshed} == {200}
    assert len({str(each["refresh_token"]) for _, each in refreshed}) == 1


@pytest.mark.parametrize("count", [250, 400])
async def test_person_of_many_groups_logs_in_and_stays_so(
    site: Site, browser: PersonsBrowser, count: int
) -> None:
    """What was sealed must be taken again: groups are identifiers where directories name them."""
    await site.change("ada", groups=tuple(secrets.token_hex(16) for _ in range(count)))
    client = await site.registered()

    _, answer = await logged_in(client, browser)
    told = await asyncio.gather(*(client.refresh(str(answer["refresh_token"])) for _ in range(5)))
    status, _ = await client.refresh(str(told[0][1]["refresh_token"]))

    assert {status for status, _ in told} == {200}
    assert len({str(claims_of(each["access_token"])["jti"]) for _, each in told}) == 1
    assert status == 200
    assert site.voided == []
