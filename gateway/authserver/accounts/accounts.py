"""Who may log in with a name and a password that the gateway itself knows."""

import hashlib
import secrets

from gateway.authserver.accounts.account import MAX_NAME_CHARS, Account, fold_name
from gateway.authserver.accounts.account_file import AccountList
from gateway.authserver.accounts.attempts import LoginAttempts
from gateway.authserver.accounts.one_time_codes import OneTimeCodes
from gateway.authserver.accounts.password import normal_password
from gateway.authserver.accounts.password_checks import PasswordChecks
from gateway.authserver.accounts.refusals import LoginRefused, LoginThrottled
from gateway.errors import IdentityUnavailable
from gateway.resilience.watched_file import WatchedFile


class Accounts:
    """The accounts of the watched file as it is now."""

    def __init__(
        self,
        file: WatchedFile[AccountList],
        attempts: LoginAttempts,
        checks: PasswordChecks,
        codes: OneTimeCodes | None = None,
    ) -> None:
        self._file = file
        self._attempts = attempts
        self._checks = checks
        self._codes = codes
        self._secret = secrets.token_bytes(32)

    async def verify(
        self, name: str, password: str, address: str, now: float, code: str = ""
    ) -> Account:
        """The account of this name and password; `now` is in seconds and does not go back.

        `code` is the one-time code, where the account has one. Name, password and code are
        refused alike, so that nobody learns a password by itself.

        Raises `LoginRefused`, in the same time and words whether or not there is such an account;
        `LoginThrottled`; and `IdentityUnavailable` while nobody knows the accounts.
        """
        folded = fold_name(name[: MAX_NAME_CHARS + 1])
        attempt = self._attempts.begin(folded, address, now)
        try:
            account = self._known().by_name.get(folded)
            compared = self._decoy(folded) if account is None else account.password_hash
            is_right = await self._checks.is_right(compared, _typed(password))
        except (IdentityUnavailable, LoginThrottled):  # nothing was compared
            attempt.forgive()
            raise
        # Once more: it may have been disabled or changed while the password was compared.
        account = self._file.value.by_name.get(folded)
        if account is None:
            raise LoginRefused(reason="unknown_account")
        if not is_right or account.password_hash != compared:
            raise LoginRefused(reason="wrong_password")
        if account.disabled:
            raise LoginRefused(reason="account_disabled")
        await self._check_code(account, code)
        attempt.forgive()
        self._attempts.remember(folded, address)
        return account

    @property
    def asks_for_codes(self) -> bool:
        """Whether any account has a one-time code."""
        known = self._file.value.by_name.values()
        return any(each.code_secret is not None for each in known)

    def find(self, subject: str) -> Account | None:
        """The account that was logged in to before, None when it may not be used any longer.

        Raises `IdentityUnavailable` while nobody knows the accounts.
        """
        account = self._known().by_subject.get(subject)
        return None if account is None or account.disabled else account

    async def _check_code(self, account: Account, code: str) -> None:
        if self._codes is not None:
            await self._codes.check(account, code)
        elif account.code_secret is not None:
            raise LoginRefused(reason="unreadable_code_secret")

    def _known(self) -> AccountList:
        if not self._file.was_read:
            raise IdentityUnavailable("Nobody can log in now.")
        return self._file.value

    def _decoy(self, folded: str) -> str:
        # The same each time, and not to be foreseen: accounts may be hashed in different ways.
        decoys = self._file.value.decoys
        digest = hashlib.blake2b(folded.encode(errors="replace"), key=self._secret).digest()
        return decoys[int.from_bytes(digest) % len(decoys)]


def _typed(password: str) -> bytes:
    try:
        return normal_password(password)
    except ValueError as error:  # UnicodeEncodeError too
        raise LoginRefused(reason="wrong_password") from error
