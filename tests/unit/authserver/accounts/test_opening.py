"""The local accounts, for as long as the authorization server runs."""

from pathlib import Path

import pytest

from gateway.authserver.accounts.account import Account
from gateway.authserver.accounts.account_file import dump_accounts
from gateway.authserver.accounts.opening import open_accounts
from gateway.authserver.accounts.password import hash_password
from gateway.authserver.accounts.refusals import LoginRefused
from gateway.errors import IdentityUnavailable
from gateway.sealing.seal import Seal
from gateway.store.memory import MemoryStore

SEAL = Seal(b"k" * 32)


async def test_people_of_the_file_can_log_in(tmp_path: Path) -> None:
    path = tmp_path / "accounts.yaml"
    ada = Account("ada", "ada", hash_password("correct horse battery"))
    path.write_text(dump_accounts([ada]), encoding="utf-8")

    async with open_accounts(path, SEAL, MemoryStore()) as accounts:
        found = await accounts.verify("Ada", "correct horse battery", "192.0.2.1", 0.0)
        with pytest.raises(LoginRefused):
            await accounts.verify("ada", "wrong", "192.0.2.1", 0.0)

    assert found.subject == "ada"


async def test_without_a_file_nobody_knows_who_there_is(tmp_path: Path) -> None:
    async with open_accounts(tmp_path / "none.yaml", SEAL, MemoryStore()) as accounts:
        with pytest.raises(IdentityUnavailable):
            await accounts.verify("ada", "x", "192.0.2.1", 0.0)
