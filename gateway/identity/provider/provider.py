"""Asking an identity provider about one caller: with bounds on time, concurrency and queue."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal

from gateway.errors import IdentityUnavailable
from gateway.identity.provider.fetch import Answer, Call, Fetcher
from gateway.identity.provider.question import Question, asks_for_patience, retry_after_s
from gateway.identity.provider.token_answer import parse_error
from gateway.observability.log.seldom import Seldom
from gateway.resilience.breaker import Breaker
from gateway.resilience.document import AnswerUnreadable, FetchFailed
from gateway.resilience.time_limit import time_limit

logger = logging.getLogger(__name__)

MAX_WAITING = 1000
CONNECTIONS = 32
# How long a service counts as sound after it answered a sample: a flood of strange tokens must
# not ask it twice for each.
SOUND_FOR_S = 5.0
_FIRST_FAULT = 500

Kind = Literal["introspection", "userinfo", "token_review", "groups", "token", "upstream_token"]
AskResult = Literal["ok", "failed", "refused"]
OnAsked = Callable[[str, Kind, AskResult], None]


@dataclass(slots=True)
class Provider:
    """One service of an issuer: its introspection endpoint, say.

    Every caller shares its circuit breaker, so nothing that one caller shows may open it: what
    looks like a fault is put to the question's sample before it counts.
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
    _sound_until: float = 0.0
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONNECTIONS))
    _seldom: Seldom = field(default_factory=lambda: Seldom(logger))

    async def ask(self, question: Question) -> Answer:
        """The answer. One that is not expected of the service is about the caller.

        Raises `IdentityUnavailable`, after twice `timeout_s` at the latest: no answer, one that
        cannot be read, 429, 5xx, an open circuit, too many that wait already, or an answer that
        the service gives to everybody and only the operator can mend.
        """
        self._enter()
        self._waiting += 1
        try:
            return await self._ask(question)
        except IdentityUnavailable:
            raise
        except BaseException:  # above all, nobody waits for the answer any more
            self.breaker.abandoned()
            raise
        finally:
            self._waiting -= 1

    def unusable(self, complaint: str) -> IdentityUnavailable:
        """The error for an answer that is of no use to its caller; it counts for nobody else."""
        self._seldom.warn(
            "identity provider gave no usable answer about a caller",
            issuer=self.name,
            kind=self.kind,
            error=complaint,
        )
        return IdentityUnavailable("The identity provider does not say what is needed.")

    async def _ask(self, question: Question) -> Answer:
        try:
            answer = await self._send(question.call)
        except AnswerUnreadable as error:
            await self._judge(question, str(error))
            self._succeed()
            raise self.unusable(str(error)) from error
        except (FetchFailed, TimeoutError) as error:
            raise await self._failure(question, str(error) or "timed out") from error
        if _is_fault(answer):
            complaint = f"{question.call.url}: status {answer.status}"
            raise await self._failure(question, complaint, retry_after_s(answer))
        is_limited = asks_for_patience(answer)
        if is_limited or not question.is_expected(answer):
            await self._judge(question, parse_error(answer))
        self._succeed()
        if is_limited:
            raise IdentityUnavailable(
                "The identity provider is asked too often.", retry_after_s=retry_after_s(answer)
            )
        return answer

    async def _send(self, call: Call) -> Answer:
        async with time_limit(self.timeout_s), self._slots:
            return await self.fetcher.send(call)

    async def _judge(self, question: Question, complaint: str) -> None:
        """Return when a strange answer is about the caller alone.

        Raises `IdentityUnavailable` when it is the service that is not as it should be.
        """
        if question.by_caller and (question.sample is None or await self._is_sound(question)):
            return
        raise self._misconfigured(complaint)

    async def _is_sound(self, question: Question) -> bool:
        now = self.breaker.now()
        if now < self._sound_until:
            return True
        if not await self._answers_sample(question):
            return False
        self._sound_until = now + SOUND_FOR_S
        return True

    async def _answers_sample(self, question: Question) -> bool:
        if question.sample is None:
            return False
        try:
            answer = await self._send(question.sample.call())
        except (FetchFailed, TimeoutError, IdentityUnavailable):
            return False
        if _is_fault(answer) or asks_for_patience(answer):
            return False
        return question.sample.is_fine(answer)

    def _succeed(self) -> None:
        self.breaker.succeeded()
        self.on_asked(self.name, self.kind, "ok")

    def _misconfigured(self, complaint: str) -> IdentityUnavailable:
        """The error for what only the operator can mend.

        It counts as a failure: callers must not make the gateway ask in vain for ever.
        """
        self.breaker.failed()
        self.on_asked(self.name, self.kind, "failed")
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

    async def _failure(
        self, question: Question, complaint: str, retry_after_s: int = 5
    ) -> IdentityUnavailable:
        was_open = self.breaker.is_open
        # Before everybody suffers: some services fail on what a single caller shows.
        if self.breaker.would_open and await self._answers_sample(question):
            self.breaker.succeeded()
        else:
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


def _is_fault(answer: Answer) -> bool:
    return answer.status == HTTPStatus.TOO_MANY_REQUESTS or answer.status >= _FIRST_FAULT
