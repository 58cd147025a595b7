"""API keys, for callers that cannot log in."""

from collections.abc import Mapping

from gateway.errors import IdentityUnavailable
from gateway.identity.api_keys.api_key import has_good_checksum, hash_key, is_key, key_id
from gateway.identity.api_keys.api_key_file import ApiKeyEntry
from gateway.identity.principal import Principal
from gateway.identity.reasons import refused
from gateway.identity.token.claimed import vouched
from gateway.resilience.watched_file import WatchedFile


class ApiKeyVerifier:
    """Knows the keys of one file for one server, which is named as in the configuration.

    `issuer` is what the principals of keys have as theirs.
    """

    def __init__(
        self, keys: WatchedFile[Mapping[str, ApiKeyEntry]], issuer: str, server: str
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._server = server

    async def verify(self, token: str, now: float) -> Principal | None:
        """A principal; None for what is no API key."""
        if not is_key(token):
            return None
        if not has_good_checksum(token):
            raise refused("malformed")
        if not self._keys.was_read:
            raise IdentityUnavailable("API keys cannot be checked now.")
        # How long a look-up takes depends on the hash, which nobody can steer towards one that
        # is in the file: it needs no comparison in constant time.
        entry = self._keys.value.get(hash_key(token))
        if entry is None:
            raise refused("inactive")
        principal = self._principal(entry)
        with vouched({"sub": entry.subject, "client_id": principal.client_id}, self._issuer):
            if entry.servers and self._server not in entry.servers:
                raise refused("wrong_audience")
            if entry.expires_at is not None and now >= entry.expires_at:
                raise refused("expired")
        return principal

    def _principal(self, entry: ApiKeyEntry) -> Principal:
        identifier = key_id(entry.hash)
        return Principal(
            issuer=self._issuer,
            subject=entry.subject,
            client_id=entry.client_id or f"api-key:{identifier}",
            scopes=entry.scopes,
            name=entry.name,
            groups=entry.groups,
            roles=entry.roles,
            expires_at=entry.expires_at,
            scheme="api_key",
            issued_at=entry.created_at,
            token_id=identifier,
        )
