"""Asking an identity provider about one caller: with bounds on time, concurrency and queue."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal

from gateway.errors import IdentityUnavailable
from gateway.identity.breaker import Breaker
from gateway.identity.document import FetchFailed
from gateway.identity.fetch import Answer, Call, Fetcher

logger = logging.getLogger(__name__)

MAX_WAITING = 1000
CONNECTIONS = 32
_LONGEST_RETRY_S = 300

Kind = Literal["introspection", "userinfo", "token_review", "groups", "token", "upstream_token"]
AskResult = Literal["ok", "failed", "refused"]
OnAsked = Callable[[str, Kind, AskResult], None]


@dataclass(slots=True)
class Provider:
    """One service of an issuer: its introspection endpoint, say.

    `on_asked` is told `ok` (it answered), `failed`, or `refused` (it was not even asked,
    because the circuit is open or too many wait).
    """

    name: str
    kind: Kind
    fetcher: Fetcher
    breaker: Breaker
    timeout_s: float = 2.0
    on_asked: Callable[[str, Kind, AskResult], None] = field(
        default=lambda name, kind, result: None
    )
    _waiting: int = 0
    _told: bool = False
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTIONS))

    async def ask(self, call: Call) -> Answer:
        """The answer, whatever its status below 500 is.

        Raises `IdentityUnavailable` after `timeout_s` at the latest: no answer, one that makes
        no sense, 429, 5xx, an open circuit, or too many that wait already.
        """
        self._enter()
        self._waiting += 1
        try:
            async with asyncio.timeout(self.timeout_s), self._slots:
                answer = await self.fetcher.send(call)
        except (FetchFailed, TimeoutError) as error:
            raise self._failure(str(error) or "timed out") from error
        except BaseException:  # above all, nobody waits for the answer any more
            self.breaker.abandoned()
            raise
        finally:
            self._waiting -= 1
        if _asks_for_patience(answer):
            raise self._failure(f"{call.url}: status {answer.status}", _retry_after_s(answer))
        self.breaker.succeeded()
        self.on_asked(self.name, self.kind, "ok")
        return answer

    def misconfigured(self, complaint: str) -> IdentityUnavailable:
        """The error for an answer that only the operator can mend; it is logged.

        It counts as a failure: callers must not make the gateway ask in vain for ever.
        """
        self.breaker.useless()
        if not self.breaker.is_open or not self._told:
            logger.error(
                "identity provider refuses the gateway",
                extra={"issuer": self.name, "kind": self.kind, "error": complaint},
            )
        self._told = self.breaker.is_open
        return IdentityUnavailable("The identity provider does not answer the gateway.")

    def _enter(self) -> None:
        try:
            if self._waiting >= MAX_WAITING:
                raise IdentityUnavailable("Too many wait for the identity provider.")
            self.breaker.enter()
        except IdentityUnavailable:
            self.on_asked(self.name, self.kind, "refused")
            raise

    def _failure(self, complaint: str, retry_after_s: int = 5) -> IdentityUnavailable:
        was_open = self.breaker.is_open
        self.breaker.failed()
        self.on_asked(self.name, self.kind, "failed")
        if not was_open:  # a line per retry would bury the rest
            logger.warning(
                "identity provider does not answer",
                extra={"issuer": self.name, "kind": self.kind, "error": complaint},
            )
        return IdentityUnavailable(
            "The identity provider cannot be asked now.", retry_after_s=retry_after_s
        )


def _asks_for_patience(answer: Answer) -> bool:
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= 500:  # noqa: PLR2004
        return True
    # Some providers refuse with 403 who asks too often; the token may well be good.
    limited = "Retry-After" in answer.headers or answer.headers.get("X-RateLimit-Remaining") == "0"
    return answer.status == HTTPStatus.FORBIDDEN and limited


def _retry_after_s(answer: Answer) -> int:
    text = answer.headers.get("Retry-After", "")
    return min(int(text), _LONGEST_RETRY_S) if text.isascii() and text.isdigit() else 5
