"""One-time codes of an authenticator app, as a second factor: RFC 6238."""

import hashlib
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from gateway.authserver.accounts.account import Account
from gateway.authserver.accounts.refusals import LoginRefused
from gateway.errors import IdentityUnavailable
from gateway.sealing.seal import Binding, Seal
from gateway.store.store import Store
from gateway.store.unavailable import StoreUnavailable

SECRET_BYTES = 20  # RFC 4226 §4 R6
_DIGITS = 6
_STEP_S = 30
_STEPS_AROUND = (0, -1, 1)  # RFC 6238 §5.2: one for the way of the code and for slow clocks
_KIND = "one_time_code"
_FOR_EVER = float("inf")


class CodeSecrets:
    """Seals the secrets of apps, so that the file of accounts alone gives nobody a code."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def close(self, secret: bytes, subject: str, now: float) -> str:
        """Seal a secret for one account."""
        return self._seal.close(secret, _binding(subject), now)

    def open(self, sealed: str, subject: str, now: float) -> bytes | None:
        """The secret; None when it is another account's or was sealed with another key."""
        opened = self._seal.open(sealed, _binding(subject), now, _FOR_EVER)
        return None if opened is None else opened.value


class OneTimeCodes:
    """Checks codes; each is good once, also at other replicas, by a mark in the store."""

    def __init__(
        self, secrets: CodeSecrets, store: Store, clock: Callable[[], float] = time.time
    ) -> None:
        self._secrets = secrets
        self._store = store
        self._clock = clock

    async def check(self, account: Account, code: str) -> None:
        """Check the code of an account that has one; others need none.

        Raises `LoginRefused`, and `IdentityUnavailable` when the code cannot be marked as used.
        """
        if account.code_secret is None:
            return
        if not code:
            raise LoginRefused(reason="missing_code")
        now = self._clock()
        secret = self._secrets.open(account.code_secret, account.subject, now)
        if secret is None:
            raise LoginRefused(reason="unreadable_code_secret")
        step = _step_of(secret, code, now)
        if step is None:
            raise LoginRefused(reason="wrong_code")
        if not await self._mark(account.subject, step):
            raise LoginRefused(reason="used_code")

    async def _mark(self, subject: str, step: int) -> bool:
        key = f"{step}:{hashlib.sha256(subject.encode()).hexdigest()}"
        expires_at = (step + 1 - min(_STEPS_AROUND)) * _STEP_S
        try:
            return await self._store.add(_KIND, key, b"1", float(expires_at))
        except StoreUnavailable as error:
            raise IdentityUnavailable("Codes cannot be checked now.") from error


def app_uri(secret: bytes, name: str, issuer: str) -> str:
    """What an authenticator app reads, from a QR code or a link; it holds the secret."""
    return _totp(secret).get_provisioning_uri(name, issuer)


def _step_of(secret: bytes, code: str, now: float) -> int | None:
    typed = "".join(code.split())
    if len(typed) != _DIGITS or not typed.isascii() or not typed.isdigit():
        return None
    totp = _totp(secret)
    for step in (int(now) // _STEP_S + around for around in _STEPS_AROUND):
        try:
            totp.verify(typed.encode(), step * _STEP_S)
        except InvalidToken:
            continue
        return step
    return None


def _totp(secret: bytes) -> TOTP:
    # SHA-1 is what all apps know, and no collision helps against HMAC.
    return TOTP(secret, _DIGITS, SHA1(), _STEP_S)  # noqa: S303


def _binding(subject: str) -> Binding:
    return Binding("one-time code", "", (subject,))
