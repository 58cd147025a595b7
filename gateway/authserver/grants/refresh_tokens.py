"""Refresh tokens: rotated at each use, with one answer for all who refresh at once.

Many processes of a client share one file of tokens, and refresh when they see the same expiry
(RFC 9700 §4.14 asks to end the family for it). So whoever comes within the grace gets what the
first got; later it is reuse.
"""

import hashlib
import secrets
from dataclasses import dataclass, replace

import msgspec

from gateway.authserver.clients.client import Client
from gateway.authserver.grants.families import Families, Family
from gateway.authserver.grants.tokens import Made, Tokens
from gateway.authserver.login.login_method import LoginEnded, LoginMethod, Person
from gateway.authserver.sealed_values import Life, SealedValues
from gateway.errors import InvalidRequest
from gateway.oauth.errors import InvalidGrant, InvalidTarget
from gateway.store.store import Store

USED = "used-refresh"
ANSWER = "refresh-answer"
PURPOSE = "refresh token"
_ID_BYTES = 16
_ANSWER_PURPOSE = "refresh answer"


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What one says: its own id and the family."""

    refresh_id: str
    family: Family


@dataclass(frozen=True, slots=True)
class RefreshSettings:
    """How long tokens live, in seconds: since the login, since the last use, and the grace."""

    lifetime_s: float
    idle_s: float
    grace_s: float


@dataclass(frozen=True, slots=True)
class RefreshRequest:
    """What a client asks for with one; `resource` None and `scopes` None are as before."""

    text: str
    client: Client
    resource: str | None
    scopes: frozenset[str] | None
    dpop_key: str | None


class RefreshTokens:
    """Issues, opens and rotates them; the store holds which were used, and nothing else."""

    def __init__(
        self,
        sealed: SealedValues,
        store: Store,
        families: Families,
        tokens: Tokens,
        settings: RefreshSettings,
    ) -> None:
        self._sealed = sealed
        self._store = store
        self._families = families
        self._tokens = tokens
        self._settings = settings

    def issue(self, family: Family, client_id: str, made: Made) -> str:
        """The refresh token of an answer."""
        told = RefreshToken(made.refresh_id, family)
        return self._sealed.close(told, PURPOSE, (client_id,), made.made_at)

    def open(self, text: str, client_id: str, now: float) -> RefreshToken | None:
        """What it says; None when it is forged, over or another client's."""
        life = Life(now, self._settings.idle_s)
        told = self._sealed.open(text, RefreshToken, (PURPOSE, (client_id,)), life)
        return None if told is None or now >= self._ends_at(told.family) else told

    async def refresh(
        self, request: RefreshRequest, login: LoginMethod, now: float
    ) -> dict[str, object]:
        """Answer with new tokens.

        Raises `InvalidGrant`, `InvalidTarget` before anything is used up, and `StoreUnavailable`.
        """
        told = self.open(request.text, request.client.client_id, now)
        if told is None:
            raise InvalidGrant("The refresh token is not valid any more.", reason="refresh_unknown")
        family = told.family
        scopes = _narrowed(request, family)
        if await self._families.has_ended(family.family_id):
            raise InvalidGrant("The login has ended.", reason="family_ended")
        person = await self._renew(family, login, now)
        made = await self._use(told, now)
        renewed = replace(family, person=person)
        answer = self._build(renewed, request.client.client_id, scopes, made)
        return await self._same_for_all(told.refresh_id, request.text, answer, now)

    async def _renew(self, family: Family, login: LoginMethod, now: float) -> Person:
        """The person as they are now; a login that ended for good takes every token with it."""
        try:
            return await login.renew(family.person, family.started_at)
        except LoginEnded:
            await self._families.end(family.family_id, now)
            raise

    async def _use(self, told: RefreshToken, now: float) -> Made:
        """Mark it as used, and say what the answer is made of.

        One mark holds both, so that nobody sees the one without the other.
        """
        made = Made(secrets.token_urlsafe(_ID_BYTES), secrets.token_urlsafe(_ID_BYTES), now)
        mark = msgspec.json.encode(made)
        ends_at = max(self._ends_at(told.family), told.family.ends_at or 0)
        if await self._store.add(USED, told.refresh_id, mark, ends_at):
            return made
        kept = await self._store.get(USED, told.refresh_id)
        first = None if kept is None else msgspec.json.decode(kept, type=Made)
        if first is not None and now - first.made_at < self._settings.grace_s:
            return first
        await self._families.end(told.family.family_id, now)
        raise InvalidGrant("The refresh token was used before.", reason="refresh_reused")

    def _ends_at(self, family: Family) -> float:
        configured = family.started_at + self._settings.lifetime_s
        return configured if family.ends_at is None else min(configured, family.ends_at)

    def _build(
        self, family: Family, client_id: str, scopes: frozenset[str], made: Made
    ) -> dict[str, object]:
        access_token = self._tokens.access_token(family, client_id, scopes, made)
        answer = self._tokens.answer(access_token, scopes, family.dpop_key, self._tokens.lifetime_s)
        return answer | {"refresh_token": self.issue(family, client_id, made)}

    async def _same_for_all(
        self, refresh_id: str, text: str, answer: dict[str, object], now: float
    ) -> dict[str, object]:
        """The first of the answers, byte for byte: each signature and seal is another one.

        It is kept for the grace only, under a key that only who has the token can name and open.
        """
        owner = (hashlib.sha256(text.encode()).hexdigest(),)
        life = Life(now, self._settings.grace_s + 1)
        scope = str(answer["scope"])
        key = f"{refresh_id}.{hashlib.sha256(scope.encode()).hexdigest()[:16]}"
        try:
            sealed = self._sealed.close(answer, _ANSWER_PURPOSE, owner, now)
        except InvalidRequest:
            # Too many groups to keep: each gets another text, which says the same.
            return answer
        until = now + self._settings.grace_s
        if await self._store.add(ANSWER, key, sealed.encode(), until):
            return answer
        kept = await self._store.get(ANSWER, key)
        if kept is None:
            return answer
        first = self._sealed.open(kept.decode(), dict[str, object], (_ANSWER_PURPOSE, owner), life)
        return answer if first is None else first


def _narrowed(request: RefreshRequest, family: Family) -> frozenset[str]:
    """The scopes of this answer: never more than the login's, RFC 6749 §6."""
    if request.resource is not None and request.resource != family.resource:
        raise InvalidTarget("The login was for another resource.")
    if family.dpop_key is not None and request.dpop_key != family.dpop_key:
        raise InvalidGrant("The refresh token is bound to another key.", reason="dpop_key")
    # What an operator took from a client since is gone at its next refresh.
    allowed = request.client.scopes
    granted = family.scopes if allowed is None else family.scopes & allowed
    if family.scopes and not granted:
        raise InvalidGrant("The client may have none of these scopes any more.", reason="scopes")
    if request.scopes is None:
        return granted
    # What cannot be granted is left out, as at login.
    return request.scopes & granted or granted
