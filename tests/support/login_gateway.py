"""The real gateway that logs people in itself, with one local account."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.authserver.accounts.account import Account
from gateway.authserver.accounts.account_file import dump_accounts
from gateway.authserver.accounts.password import hash_password
from tests.support.gateway import running_gateway, short_config
from tests.support.login_pages import PASSWORD, PersonsBrowser
from tests.support.oauth_client import Browser, Person


class AtOurPages(Browser):
    """A person at a browser that the gateway's own pages are shown in."""

    async def open(self, url: str) -> None:
        """Allow the client and log in."""
        async with PersonsBrowser(self.login, PASSWORD) as browser:
            self.callback = (await browser.log_in(url)).goes_to


def person_at(url: str, name: str = "ada") -> Person:
    """Someone with the SDK's client who logs in at the gateway."""
    person = Person(url)
    person.browser = AtOurPages(name)
    return person


@asynccontextmanager
async def login_gateway(
    port: int, upstream: str, more: str = "", beside: str = ""
) -> AsyncIterator[Path]:
    """Run it; the file of accounts.

    `more` is further YAML of the authorization server, `beside` what stands beside it.
    """
    with TemporaryDirectory() as folder:
        accounts = Path(folder) / "accounts.yaml"
        ada = Account(
            "ada",
            "ada",
            hash_password(PASSWORD),
            email="ada@example.com",
            groups=("engineering",),
        )
        accounts.write_text(dump_accounts([ada]), encoding="utf-8")
        section = f"authorization_server: {{accounts: {{file: {accounts}}}{more}}}\n{beside}"
        async with running_gateway(short_config(port, upstream, "local", more=section)):
            yield accounts
