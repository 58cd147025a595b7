"""Clients that register themselves: what they registered is sealed into their ids.

So nothing is stored, a flood of registrations fills nothing, and an id is good for as long as the
sealing key, on every replica (RFC 7591 appendix A.5.2).
"""

import hashlib
import hmac

import msgspec

from gateway.authserver.clients.client import Client
from gateway.authserver.sealed_values import Life, SealedValues
from gateway.oauth.base64url import encode_base64url
from gateway.oauth.errors import InvalidClientMetadata
from gateway.oauth.registration import ApplicationType, RegisteredAuthMethod, Registration

PURPOSE = "client id"
# Every authorization request and token carries it.
MAX_CLIENT_ID_CHARS = 2000
_FOR_EVER = float("inf")


class _Told(msgspec.Struct, array_like=True, frozen=True):
    """A registration without the names of its members: client ids are long enough."""

    redirect_uris: tuple[str, ...]
    name: str | None
    auth_method: RegisteredAuthMethod
    grant_types: tuple[str, ...]
    application_type: ApplicationType


class RegisteredClients:
    """Registers clients and knows them again; `key` makes the secrets of those that want one."""

    def __init__(self, sealed: SealedValues, key: bytes) -> None:
        self._sealed = sealed
        self._key = key

    def register(self, registration: Registration, now: float) -> tuple[str, str | None]:
        """The id and the secret, None for a public client. Raises `InvalidClientMetadata`."""
        told = _Told(
            registration.redirect_uris,
            registration.client_name,
            registration.auth_method,
            registration.grant_types,
            registration.application_type,
        )
        client_id = self._sealed.close(told, PURPOSE, (), now)
        if len(client_id) > MAX_CLIENT_ID_CHARS:
            raise InvalidClientMetadata("Register fewer or shorter redirect URIs.")
        is_public = registration.auth_method == "none"
        return client_id, None if is_public else self.secret_of(client_id)

    def secret_of(self, client_id: str) -> str:
        """The secret that belongs to an id; 256 bits that nobody can guess without the key."""
        digest = hmac.new(self._key, client_id.encode(), hashlib.sha256).digest()
        return encode_base64url(digest).decode()

    async def find_client(self, client_id: str, now: float) -> Client | None:
        """The client; None for what this server never issued."""
        told = self._sealed.open(client_id, _Told, (PURPOSE, ()), Life(now, _FOR_EVER))
        if told is None:
            return None
        return Client(
            client_id,
            "registered",
            told.redirect_uris,
            told.name,
            told.auth_method,
            frozenset(told.grant_types),
        )

    async def recall_client(self, client_id: str, now: float) -> Client | None:
        """The same: nothing has to be fetched."""
        return await self.find_client(client_id, now)
