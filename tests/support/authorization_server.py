"""The authorization server as a plain aiohttp application on a real port, without the gateway."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import ClientSession, web

from gateway.authserver.accounts.account import Account
from gateway.authserver.accounts.account_file import AccountList, dump_accounts, parse_accounts
from gateway.authserver.accounts.accounts import Accounts
from gateway.authserver.accounts.attempts import LoginAttempts
from gateway.authserver.accounts.one_time_codes import CodeSecrets, OneTimeCodes
from gateway.authserver.accounts.password import hash_password
from gateway.authserver.accounts.password_checks import PasswordChecks
from gateway.authserver.app import add_authorization_server
from gateway.authserver.build import build_authorization_server
from gateway.authserver.clients.clients import ClientSource
from gateway.authserver.foundation import Foundation
from gateway.authserver.login.local import LocalLogin
from gateway.authserver.login.login_method import LoginBuilder
from gateway.authserver.login.provider.opening import LoginGround, open_provider_login
from gateway.authserver.resources import ProtectedResource, Resources
from gateway.authserver.server import AuthorizationServer
from gateway.authserver.steps import Step, Steps
from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.identity.keys.local_issuer import LocalIssuer
from gateway.identity.keys.sources import IdentityServices
from gateway.pages.brand import UNBRANDED, Brand
from gateway.resilience.single_flight import SingleFlight
from gateway.resilience.watched_file import WatchedFile
from gateway.sealing.seal import Seal
from gateway.store.memory import MemoryStore
from gateway.store.store import Store
from tests.support.hand_clock import HandClock
from tests.support.login_pages import PASSWORD, OAuthClient
from tests.support.ports import reserved_port

KEY = bytes(range(32))
NOW = 1_800_000_000.0


@lru_cache(maxsize=1)
def password_hash() -> str:
    """The hash of every test account's password; making one takes long by design."""
    return hash_password(PASSWORD)


def people() -> list[Account]:
    """Two people."""
    return [
        Account("ada", "ada", password_hash(), "ada@example.com", "Ada", ("dev",)),
        Account("grace", "grace", password_hash()),
    ]


@dataclass(slots=True)
class Site:
    """A server that runs; `voided` are the logins whose access tokens were voided.

    `revoked` are subjects and clients whose tokens were, up to a time.
    """

    issuer: str
    server: AuthorizationServer
    store: Store
    clock: HandClock
    file: WatchedFile[AccountList]
    path: Path
    voided: list[str]
    revoked: dict[str, float]
    steps: list[tuple[Step, str]]

    def client(self) -> OAuthClient:
        """A client that has not registered yet."""
        return OAuthClient(self.issuer)

    async def registered(self, **metadata: object) -> OAuthClient:
        """A client that has."""
        client = self.client()
        status, answer = await client.register(**metadata)
        assert status == 201, answer
        return client

    async def post(
        self, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, object]]:
        """Post exactly this body; status and answer."""
        async with (
            ClientSession() as session,
            session.post(self.issuer + path, data=body, headers=headers) as response,
        ):
            return response.status, await response.json()

    async def change(self, name: str, **changes: object) -> None:
        """Change one account."""
        known = {each.name: each for each in people()}
        known[name] = replace(known[name], **changes)  # type: ignore[arg-type]  # as the test says
        await self.hold(*known.values())

    async def hold(self, *accounts: Account) -> None:
        """Replace the accounts."""
        self.path.write_text(dump_accounts(accounts), encoding="utf-8")
        await self.file.load()


@dataclass(frozen=True, slots=True)
class Setting:
    """What a test changes about a server."""

    settings: Settings = field(default_factory=Settings)
    store: Store | None = None
    servers: tuple[str, ...] = ("mcp",)
    key: bytes = KEY
    brand: Brand = UNBRANDED
    documents: tuple[ClientSource, ...] = ()


def _resource(issuer: str, name: str) -> ProtectedResource:
    return ProtectedResource(
        name,
        name.title(),
        f"{issuer}/{name}",
        f"{issuer}/{name}",
        frozenset({"mcp:read"}),
        frozenset({"mcp:read", "mcp:write"}),
    )


def _sender(request: web.Request) -> str:
    return request.remote or ""


async def _login(
    setting: Setting, accounts: Accounts, store: Store, clock: HandClock, stack: AsyncExitStack
) -> LoginBuilder:
    if setting.settings.provider is None:
        return lambda site, sealed: LocalLogin(accounts, site, _sender)
    group = await stack.enter_async_context(asyncio.TaskGroup())
    around = IdentityServices(SingleFlight(group), clock.clocks)
    ground = LoginGround(store, around, setting.key)
    return await stack.enter_async_context(open_provider_login(setting.settings.provider, ground))


def _looking_into(revoked: Mapping[str, float]) -> Callable[[str, str, float], bool]:
    return lambda subject, client_id, since: any(
        since < revoked.get(each, 0) for each in (subject, client_id)
    )


async def _serve(server: AuthorizationServer, port: int) -> web.AppRunner:
    app = web.Application()
    add_authorization_server(app, server)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


@asynccontextmanager
async def running_authorization_server(setting: Setting | None = None) -> AsyncIterator[Site]:
    """Start it with two accounts, and resources that exist in name only."""
    setting = setting or Setting()
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        port = stack.enter_context(reserved_port())
        issuer = f"http://127.0.0.1:{port}"
        file = WatchedFile(Path(folder) / "accounts.yaml", parse_accounts, AccountList())
        checks, clock = PasswordChecks(), HandClock(NOW)
        store = setting.store or MemoryStore(lambda: clock.wall)
        codes = OneTimeCodes(CodeSecrets(Seal(setting.key)), store, lambda: clock.wall)
        voided: list[str] = []
        revoked: dict[str, float] = {}
        steps: list[tuple[Step, str]] = []

        async def void(family_id: str, now: float) -> None:
            voided.append(family_id)

        accounts = Accounts(file, LoginAttempts(), checks, codes)
        foundation = Foundation(
            signer=LocalIssuer.load_or_create(Path(folder), issuer),
            key=setting.key,
            store=store,
            resources=Resources([_resource(issuer, name) for name in setting.servers]),
            void_tokens=void,
            login=await _login(setting, accounts, store, clock, stack),
            address_of=_sender,
            brand=setting.brand,
            is_revoked=_looking_into(revoked),
            documents=setting.documents,
            steps=Steps(lambda step, reason: steps.append((step, reason))),
            clocks=clock.clocks,
        )
        server = build_authorization_server(setting.settings, foundation)
        runner = await _serve(server, port)
        path = Path(folder) / "accounts.yaml"
        site = Site(issuer, server, store, clock, file, path, voided, revoked, steps)
        await site.hold(*people())
        try:
            yield site
        finally:
            await runner.cleanup()
            checks.close()
