"""Comparing passwords beside the event loop: few at once, and few that wait."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2.exceptions import VerificationError

from gateway.authserver.accounts.password import is_right_password
from gateway.authserver.accounts.refusals import LoginThrottled
from gateway.errors import IdentityUnavailable

_BUSY_RETRY_S = 2


class PasswordChecks:
    """Each one under way takes a thread and 64 MiB; whoever comes when too many wait must retry."""

    def __init__(self, at_once: int = 1, waiting: int = 16) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="password")
        self._most = at_once + waiting
        self._under_way = 0

    async def is_right(self, password_hash: str, password: bytes) -> bool:
        """Compare. Raises `LoginThrottled`, and `IdentityUnavailable` without memory to compare."""
        if self._under_way >= self._most:
            raise LoginThrottled(_BUSY_RETRY_S, reason="too_many_logins")
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._threads, is_right_password, password_hash, password)
        self._under_way += 1
        work.add_done_callback(self._ended)
        try:
            # Shielded: a thread goes on when its caller is gone, and counts until it ends.
            return await asyncio.shield(work)
        except VerificationError as error:
            raise IdentityUnavailable("Passwords cannot be checked now.") from error

    def close(self) -> None:
        """End the threads; what waits is dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ended(self, work: asyncio.Future[bool]) -> None:
        self._under_way -= 1
        if not work.cancelled():
            work.exception()  # nobody may be left to hear of it
