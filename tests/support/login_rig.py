"""Real gateways that log people in, several on one store, in front of recording upstreams."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession

from gateway.authserver.accounts.account import Account
from gateway.authserver.accounts.account_file import dump_accounts
from gateway.authserver.accounts.password import hash_password
from tests.support.gateway import running_gateway
from tests.support.login_pages import PASSWORD, OAuthClient, PersonsBrowser, Shown
from tests.support.recording_upstream import RecordingUpstream
from tests.support.rig import CALL

KEY = bytes(range(32))
_CONFIG = """\
listen: 127.0.0.1:{port}
public_url: {url}
state_dir: {folder}
sealing_key: {key}
store: {{url: "sqlite:"}}
issuer: local
authorization_server: {{accounts: {{file: {folder}/accounts.yaml}}{more}}}
servers:
  one: {{path: /one, upstream: {{url: "{upstream}"}}, allow: any, auth: {{scopes: [mcp:read]}}}}
  two: {{path: /two, upstream: {{url: "{upstream}"}}, allow: any, auth: {{scopes: [mcp:read]}}}}
"""


@dataclass(frozen=True, slots=True)
class LoginRig:
    """One gateway; `url` is what clients know, `address` where this process of it listens."""

    url: str
    address: str
    upstream: RecordingUpstream

    async def registered(self, **metadata: object) -> OAuthClient:
        """A client that registered here."""
        client = OAuthClient(self.url)
        status, answer = await client.register(**metadata)
        assert status == 201, answer
        return client

    async def code(self, client: OAuthClient, server: str = "one") -> str:
        """What a login of the person ends with."""
        return (await self.finished(client, server)).answer["code"]

    async def finished(self, client: OAuthClient, server: str = "one") -> Shown:
        """The page that a login ends with."""
        async with PersonsBrowser() as browser:
            return await browser.log_in(client.authorize_url(resource=f"{self.url}/{server}"))

    async def post(
        self, path: str, form: Mapping[str, str], client: OAuthClient | None = None
    ) -> tuple[int, dict[str, object]]:
        """Post a form to this process; status and answer."""
        sent = dict(form) if client is None else {"client_id": client.client_id, **form}
        host = {"Host": self.url.removeprefix("http://")}
        async with (
            ClientSession() as session,
            session.post(self.address + path, data=sent, headers=host) as response,
        ):
            return response.status, await response.json(content_type=None)

    async def exchange(
        self, client: OAuthClient, code: str, **changes: str
    ) -> tuple[int, dict[str, object]]:
        """Redeem a code at this process."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": client.challenge.verifier,
        }
        return await self.post("/token", form | changes, client)

    async def refresh(
        self, client: OAuthClient, token: str, **changes: str
    ) -> tuple[int, dict[str, object]]:
        """Redeem a refresh token at this process."""
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return await self.post("/token", form | changes, client)

    async def call(self, token: object, server: str = "one") -> int:
        """Call a tool; the status."""
        headers = {
            "Host": self.url.removeprefix("http://"),
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
        }
        url = f"{self.address}/{server}"
        async with (
            ClientSession() as session,
            session.post(url, data=CALL, headers=headers) as response,
        ):
            return response.status


@asynccontextmanager
async def login_rigs(
    folder: Path, public: int, ports: tuple[int, ...], more: str = "", *accounts: Account
) -> AsyncIterator[list[LoginRig]]:
    """Run a process at each of `ports`, all of the gateway whose clients know port `public`.

    `more` is further YAML of the authorization server, `accounts` are there beside `ada`.
    """
    ada = Account("ada", "ada", hash_password(PASSWORD), email="ada@example.com")
    _write(folder, dump_accounts([ada, *accounts]))
    url = f"http://127.0.0.1:{public}"
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(RecordingUpstream())
        rigs = []
        for port in ports:
            config = _CONFIG.format(
                port=port, url=url, folder=folder, key=KEY.hex(), more=more, upstream=upstream.url
            )
            await stack.enter_async_context(running_gateway(config))
            rigs.append(LoginRig(url, f"http://127.0.0.1:{port}", upstream))
        yield rigs


def _write(folder: Path, accounts: str) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "accounts.yaml").write_text(accounts, encoding="utf-8")


@asynccontextmanager
async def login_rig(
    folder: Path, port: int, more: str = "", *accounts: Account
) -> AsyncIterator[LoginRig]:
    """Run one process."""
    async with login_rigs(folder, port, (port,), more, *accounts) as (rig,):
        yield rig
