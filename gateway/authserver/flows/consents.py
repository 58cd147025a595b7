"""Consents that a browser keeps, each bound to the account that logged in after it.

Consent comes before the login, so nobody knows then whose it is. It counts once the same person
has logged in again: see docs/decisions/029-remembered-consent.md.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from aiohttp import web

from gateway.authserver.clients.client import Client
from gateway.authserver.flows.flow import Flow
from gateway.authserver.flows.question import may_be_remembered, question_of
from gateway.authserver.resources import ProtectedResource
from gateway.authserver.sealed_values import Life, SealedValues

MAX_CONSENTS = 16
MAX_COOKIE_CHARS = 3800  # RFC 6265 §6.1: 4096 with name and attributes
PURPOSE = "remembered consents"
_NAME = "mcpgw-consents"
# Fetch Metadata: the person, or a program of theirs, opened the URL, and no page sent them. A
# browser that does not say is asked: GHSA-6x8h-498w-gv8c.
_OPENED_BY_PERSON = {
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}


@dataclass(frozen=True, slots=True)
class Consent:
    """Whose word it was, to what and when; `family_id` is their last login by it.

    `given_at` is in Unix seconds.
    """

    question: str
    subject: str
    family_id: str
    scopes: frozenset[str]
    given_at: float


class Ended(NamedTuple):
    """A flow that ended well, who logged in, and when."""

    flow: Flow
    subject: str
    now: float


@dataclass(frozen=True, slots=True)
class ConsentEnds:
    """What ends a consent early: the end of its last login, and a revocation.

    `is_revoked` is told subject, client and the time since which tokens would be void.
    """

    has_ended: Callable[[str], Awaitable[bool]]
    is_revoked: Callable[[str, str, float], bool]


class Consents:
    """Reads and writes the cookie; `lifetime_s` is None where nothing is remembered."""

    def __init__(
        self, sealed: SealedValues, issuer: str, lifetime_s: float | None, ends: ConsentEnds
    ) -> None:
        self._sealed = sealed
        self._is_secure = issuer.startswith("https://")
        # With the prefix no other host and no plain http can set it: RFC 6265bis §4.1.3.2.
        self.cookie = f"__Host-{_NAME}" if self._is_secure else _NAME
        self.lifetime_s = lifetime_s
        self._ends = ends

    def question(
        self, client: Client, redirect_uri: str, resource: ProtectedResource, *, login_asks: bool
    ) -> str | None:
        """What the person is asked; None where the answer counts for this time only."""
        if self.lifetime_s is None:
            return None
        if not may_be_remembered(client, redirect_uri, login_asks=login_asks):
            return None
        return question_of(client, redirect_uri, resource.resource, resource.title)

    async def answer(self, request: web.Request, flow: Flow, now: float) -> Flow:
        """The flow, as answered where its browser keeps the consent. Raises `StoreUnavailable`."""
        if flow.question is None or not _was_opened_by_person(request):
            return flow
        found = next((each for each in self._kept(request, now) if _answers(each, flow)), None)
        if found is None or await self._ends.has_ended(found.family_id):
            return flow
        # `before` of a revocation means tokens that are older; so are consents.
        if self._ends.is_revoked(found.subject, flow.client.client_id, found.given_at):
            return flow
        return replace(flow, answered_by=found.subject)

    def keep(self, request: web.Request, response: web.Response, ended: Ended) -> None:
        """Give the browser the consent of a login, beside those that it has.

        One that was found keeps its time: whoever logs in each day is asked again all the same.
        """
        flow, now = ended.flow, ended.now
        if flow.question is None:
            return
        kept = self._kept(request, now)
        new = Consent(flow.question, ended.subject, flow.flow_id, flow.scopes, now)
        if flow.answered_by is not None:
            found = next((each for each in kept if _answers(each, flow)), None)
            if found is None or found.subject != ended.subject:
                return
            new = replace(found, family_id=flow.flow_id)
        others = [each for each in kept if each.question != new.question]
        text = self._close([new, *others][:MAX_CONSENTS], now)
        if text:
            self._set(response, text)

    def _kept(self, request: web.Request, now: float) -> list[Consent]:
        if self.lifetime_s is None:
            return []
        text, life = request.cookies.get(self.cookie, ""), Life(now, self.lifetime_s)
        kept = self._sealed.open(text, list[Consent], (PURPOSE, ()), life) or []
        return [each for each in kept if now < each.given_at + life.max_age_s]

    def _close(self, kept: list[Consent], now: float) -> str:
        """Seal as many as fit, the newest first; empty when not even one does."""
        while kept:
            text = self._sealed.close(kept, PURPOSE, (), now)
            if len(text) <= MAX_COOKIE_CHARS:
                return text
            kept = kept[:-1]
        return ""

    def _set(self, response: web.StreamResponse, text: str) -> None:
        response.set_cookie(
            self.cookie,
            text,
            max_age=int(self.lifetime_s or 0),
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="Lax",
        )


def _was_opened_by_person(request: web.Request) -> bool:
    return all(request.headers.get(name) == told for name, told in _OPENED_BY_PERSON.items())


def _answers(consent: Consent, flow: Flow) -> bool:
    return consent.question == flow.question and flow.scopes <= consent.scopes
