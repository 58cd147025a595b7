import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.authserver.accounts.account import Account
from gateway.authserver.accounts.account_file import AccountList, dump_accounts, parse_accounts
from gateway.authserver.accounts.accounts import Accounts
from gateway.authserver.accounts.attempts import LoginAttempts
from gateway.authserver.accounts.one_time_codes import CodeSecrets, OneTimeCodes
from gateway.authserver.accounts.password import hash_password
from gateway.authserver.accounts.password_checks import PasswordChecks
from gateway.authserver.accounts.refusals import LoginRefused, LoginThrottled
from gateway.config.scalars import Rate
from gateway.errors import IdentityUnavailable
from gateway.resilience.watched_file import WatchedFile
from gateway.sealing.seal import Seal
from gateway.store.memory import MemoryStore

PASSWORD = "correct horse battery"  # noqa: S105  # an example
ADA = Account("Ada", "ada-1", hash_password(PASSWORD), "ada@example.com", groups=("dev",))
HOME = "192.0.2.1"
NOW = 1_800_000_000.0


class Place:
    """Accounts in a file that a test changes."""

    def __init__(
        self,
        folder: Path,
        checks: PasswordChecks | None = None,
        codes: OneTimeCodes | None = None,
    ) -> None:
        self._path = folder / "accounts.yaml"
        self.file = WatchedFile(self._path, parse_accounts, AccountList())
        self.checks = checks or PasswordChecks()
        self.attempts = LoginAttempts(pair=Rate(3, 60.0))
        self.accounts = Accounts(self.file, self.attempts, self.checks, codes)

    async def hold(self, *accounts: Account) -> None:
        self._path.write_text(dump_accounts(accounts), encoding="utf-8")
        await self.file.load()

    async def refusal(self, name: str, password: str = PASSWORD) -> LoginRefused:
        with pytest.raises(LoginRefused) as caught:
            await self.accounts.verify(name, password, HOME, NOW)
        return caught.value


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.checks.close()


@pytest.mark.parametrize("typed", ["Ada", "ada", " ADA "])
async def test_the_right_password_opens_the_account(place: Place, typed: str) -> None:
    await place.hold(ADA)

    assert await place.accounts.verify(typed, PASSWORD, HOME, NOW) == ADA


@pytest.mark.parametrize(
    ("name", "password", "reason"),
    [
        ("ada", "wrong", "wrong_password"),
        ("ada", "", "wrong_password"),
        ("ada", "x" * 5000, "wrong_password"),
        ("ada", "\udc80", "wrong_password"),
        ("bob", PASSWORD, "unknown_account"),
        ("\udc80", PASSWORD, "unknown_account"),
        ("", PASSWORD, "unknown_account"),
        ("ada" + "x" * 5000, PASSWORD, "unknown_account"),
        ("gone", PASSWORD, "account_disabled"),
        ("gone", "wrong", "wrong_password"),
    ],
)
async def test_every_other_try_is_refused_in_the_same_words(
    place: Place, name: str, password: str, reason: str
) -> None:
    await place.hold(ADA, replace(ADA, name="gone", subject="gone", disabled=True))

    refusal = await place.refusal(name, password)

    assert refusal.reason == reason
    assert refusal.description == LoginRefused().description


async def test_failures_are_throttled_for_accounts_that_are_none_too(place: Place) -> None:
    await place.hold(ADA)
    for name in ("ada", "bob"):
        for _ in range(3):
            await place.refusal(name, "wrong")

        with pytest.raises(LoginThrottled) as caught:
            await place.accounts.verify(name, PASSWORD, HOME, NOW)

        assert caught.value.retry_after_s == 20


async def test_logins_that_succeed_are_not_throttled(place: Place) -> None:
    await place.hold(ADA)

    for _ in range(5):
        await place.accounts.verify("ada", PASSWORD, HOME, NOW)


async def test_many_tries_at_once_are_no_more_than_one_after_the_other(place: Place) -> None:
    await place.hold(ADA)

    tries = [place.accounts.verify("ada", f"wrong {n}", HOME, NOW) for n in range(9)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)

    assert [type(each) for each in outcomes].count(LoginRefused) == 3
    assert [type(each) for each in outcomes].count(LoginThrottled) == 6


async def test_an_account_that_is_disabled_meanwhile_is_not_opened(place: Place) -> None:
    await place.hold(ADA)
    async with asyncio.TaskGroup() as group:
        login = group.create_task(place.refusal("ada"))
        await asyncio.sleep(0)  # its password is being compared
        await place.hold(replace(ADA, disabled=True))

    assert login.result().reason == "account_disabled"


async def test_a_password_that_is_changed_meanwhile_opens_nothing(place: Place) -> None:
    await place.hold(ADA)
    other = hash_password("four other words entirely")
    async with asyncio.TaskGroup() as group:
        login = group.create_task(place.refusal("ada"))
        await asyncio.sleep(0)  # the old one is being compared
        await place.hold(replace(ADA, password_hash=other))

    assert login.result().reason == "wrong_password"


async def test_many_guessers_keep_nobody_out_who_logged_in_there_before(place: Place) -> None:
    await place.hold(ADA)
    await place.accounts.verify("ada", PASSWORD, HOME, NOW)
    for host in range(100):
        place.attempts.begin("ada", f"203.0.113.{host}", NOW)

    account = await place.accounts.verify("ada", PASSWORD, HOME, NOW)

    assert account == ADA


async def test_without_its_file_nobody_is_refused_or_let_in(place: Place) -> None:
    for _ in range(9):
        with pytest.raises(IdentityUnavailable):
            await place.accounts.verify("ada", PASSWORD, HOME, NOW)
    with pytest.raises(IdentityUnavailable):
        place.accounts.find("ada-1")


async def test_who_logged_in_is_found_until_the_account_is_disabled(place: Place) -> None:
    await place.hold(ADA)
    assert place.accounts.find("ada-1") == ADA
    assert place.accounts.find("ada") is None

    await place.hold(replace(ADA, disabled=True))

    assert place.accounts.find("ada-1") is None


async def test_an_account_with_codes_is_closed_where_no_code_can_be_checked(place: Place) -> None:
    await place.hold(replace(ADA, code_secret="sealed"))  # noqa: S106  # no password

    assert (await place.refusal("ada")).reason == "unreadable_code_secret"


async def test_a_code_is_asked_beside_the_password(tmp_path: Path) -> None:
    secrets = CodeSecrets(Seal(bytes(32)))
    codes = OneTimeCodes(secrets, MemoryStore(lambda: 59.0), lambda: 59.0)
    place = Place(tmp_path, codes=codes)
    sealed = secrets.close(b"12345678901234567890", ADA.subject, NOW)
    account = replace(ADA, code_secret=sealed)
    await place.hold(account)

    assert (await place.refusal("ada")).reason == "missing_code"
    assert await place.accounts.verify("ada", PASSWORD, HOME, NOW, "287082") == account
    with pytest.raises(LoginRefused, match="name or the password") as caught:
        await place.accounts.verify("ada", "wrong", HOME, NOW, "287082")
    place.checks.close()
    assert caught.value.reason == "wrong_password"


async def test_a_name_that_is_unknown_costs_as_much_as_one_that_is_known(tmp_path: Path) -> None:
    """By what is done, as a clock would measure the machine: one comparison, as for accounts."""
    place = Place(tmp_path, PasswordChecks(at_once=1, waiting=0))
    await place.hold(ADA)
    async with asyncio.TaskGroup() as group:
        login = group.create_task(place.refusal("bob"))
        await asyncio.sleep(0)

        with pytest.raises(LoginThrottled) as caught:
            await place.accounts.verify("bob", PASSWORD, HOME, NOW)

    place.checks.close()
    assert (login.result().reason, caught.value.reason) == ("unknown_account", "too_many_logins")
    ways = [each.rsplit("$", 2)[0] for each in place.file.value.decoys]
    assert ways == [ADA.password_hash.rsplit("$", 2)[0]]
