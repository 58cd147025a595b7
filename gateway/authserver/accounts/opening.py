"""Opens the local accounts for as long as the authorization server runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.authserver.accounts.account_file import AccountList, parse_accounts
from gateway.authserver.accounts.accounts import Accounts
from gateway.authserver.accounts.attempts import LoginAttempts
from gateway.authserver.accounts.one_time_codes import CodeSecrets, OneTimeCodes
from gateway.authserver.accounts.password_checks import PasswordChecks
from gateway.resilience.watched_file import WatchedFile
from gateway.sealing.seal import Seal
from gateway.store.store import Store


@asynccontextmanager
async def open_accounts(path: Path, seal: Seal, store: Store) -> AsyncIterator[Accounts]:
    """Read the file, and read it again whenever it changes; `seal` opens one-time code secrets."""
    file: WatchedFile[AccountList] = WatchedFile(path, parse_accounts, AccountList())
    checks = PasswordChecks()
    codes = OneTimeCodes(CodeSecrets(seal), store)
    await file.load()
    try:
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(file.run())
            try:
                yield Accounts(file, LoginAttempts(), checks, codes)
            finally:
                watching.cancel()
    finally:
        checks.close()
