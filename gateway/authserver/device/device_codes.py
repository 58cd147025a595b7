"""Logins that a device without a browser waits for: RFC 8628.

The device holds the sealed device code, the store the request under a digest of the user code for
as long as somebody may type it, and then the decision. What the device gets at last is an
authorization code like any other, bound to a verifier that only its device code holds.
"""

import hashlib
import secrets
from dataclasses import dataclass, field

from cachetools import TTLCache

from gateway.authserver.clients.client import Client
from gateway.authserver.device.user_code import make_user_code
from gateway.authserver.sealed_values import Life, SealedValues
from gateway.oauth.errors import (
    AuthorizationPending,
    DeviceDenied,
    ExpiredToken,
    InvalidGrant,
    SlowDown,
)
from gateway.oauth.pkce import build_code_challenge
from gateway.resilience.clocks import Clocks
from gateway.store.store import Store

LIFETIME_S = 600.0
INTERVAL_S = 5.0
WAITING = "waiting-device"
DECIDED = "decided-device"
_MAX_POLLING = 10_000
_REQUEST, _DEVICE = "device request", "device code"
_FOR_EVER = float("inf")


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """What a device asked for, checked and narrowed."""

    device_id: str
    client: Client
    resource: str
    server: str
    scopes: frozenset[str]
    code_challenge: str


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What the device shows at the token endpoint."""

    device_id: str
    code_verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asks for on behalf of a device."""

    client: Client
    resource: str
    server: str
    scopes: frozenset[str]


class DeviceCodes:
    """Issues both codes, takes the decision, and answers the device that polls."""

    def __init__(self, sealed: SealedValues, store: Store, clocks: Clocks) -> None:
        self._sealed = sealed
        self._store = store
        self._polled: TTLCache[str, None] = TTLCache(_MAX_POLLING, INTERVAL_S, clocks.monotonic)

    async def issue(self, asked: Asked, now: float) -> tuple[str, str]:
        """The device code and the user code. Raises `StoreUnavailable`."""
        verifier, device_id = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        request = DeviceRequest(
            device_id,
            asked.client.to_travel(),
            asked.resource,
            asked.server,
            asked.scopes,
            build_code_challenge(verifier),
        )
        user_code = make_user_code(secrets.choice)
        key = _key(user_code)
        sealed = self._sealed.close(request, _REQUEST, (key,), now)
        if not await self._store.add(WAITING, key, sealed.encode(), now + LIFETIME_S):
            return await self.issue(asked, now)  # somebody has that code
        owner = (asked.client.client_id,)
        return self._sealed.close(DeviceCode(device_id, verifier), _DEVICE, owner, now), user_code

    async def find(self, user_code: str, now: float) -> DeviceRequest | None:
        """The request that waits under a user code; None when it is over or decided."""
        key = _key(user_code)
        kept = await self._store.get(WAITING, key)
        if kept is None:
            return None
        life = Life(now, LIFETIME_S)
        found = self._sealed.open(kept.decode(), DeviceRequest, (_REQUEST, (key,)), life)
        if found is None or await self._store.get(DECIDED, found.device_id) is not None:
            return None
        return found

    async def decide(self, device_id: str, code: str, now: float) -> bool:
        """Leave the authorization code for the device, or an empty one: it was denied.

        The first decision counts; False for another.
        """
        return await self._store.add(DECIDED, device_id, code.encode(), now + LIFETIME_S)

    async def poll(self, device_code: str, client_id: str, now: float) -> tuple[str, str]:
        """The authorization code and its verifier.

        Raises `AuthorizationPending`, `SlowDown`, `ExpiredToken`, `DeviceDenied`, `InvalidGrant`.
        """
        told = self._open(device_code, client_id, now)
        decided = await self._store.get(DECIDED, told.device_id)
        if decided is not None:
            if not decided:
                raise DeviceDenied("The person did not allow it.", reason="consent_denied")
            return decided.decode(), told.code_verifier
        if told.device_id in self._polled:
            raise SlowDown("Ask again five seconds later than before.")
        self._polled[told.device_id] = None
        raise AuthorizationPending("The person has not decided yet.")

    def _open(self, device_code: str, client_id: str, now: float) -> DeviceCode:
        binding = (_DEVICE, (client_id,))
        told = self._sealed.open(device_code, DeviceCode, binding, Life(now, LIFETIME_S))
        if told is not None:
            return told
        if self._sealed.open(device_code, DeviceCode, binding, Life(now, _FOR_EVER)) is None:
            raise InvalidGrant("The device code is not valid.", reason="code_unknown")
        raise ExpiredToken("Nobody decided in time; start again.")


def _key(user_code: str) -> str:
    return hashlib.sha256(user_code.encode()).hexdigest()
