"""Whether a client at the token endpoint is the one that it says: RFC 6749 §2.3, §3.2.1."""

import hmac

from gateway.authserver.clients.client import Client
from gateway.authserver.clients.clients import Clients
from gateway.authserver.clients.configured import ConfiguredClients
from gateway.authserver.clients.registered import RegisteredClients
from gateway.oauth.client_authentication import PresentedClient
from gateway.oauth.errors import InvalidClient

# One text for an unknown client and a wrong secret: else callers could list clients.
REFUSED = "The client is not known here, or its secret is wrong; register it again."


class ClientAuthenticator:
    """Knows the secrets of the kinds of clients that have any."""

    def __init__(
        self, clients: Clients, configured: ConfiguredClients, registered: RegisteredClients
    ) -> None:
        self._clients = clients
        self._configured = configured
        self._registered = registered

    async def authenticate(self, presented: PresentedClient, now: float) -> Client:
        """The client. Raises `InvalidClient`.

        A confidential client must show its secret, in either way; a public one has none, and
        what it sends although it has none proves nothing and is refused.
        """
        try:
            client = await self._clients.recall_client(presented.client_id, now)
        except InvalidClient as error:
            raise InvalidClient(REFUSED, reason=error.reason) from error
        if client.is_public and not presented.secrets:
            return client
        expected = self._secret_of(client)
        if expected is None or not _is_one_of(expected, presented.secrets):
            raise InvalidClient(REFUSED, reason="client_secret")
        return client

    def _secret_of(self, client: Client) -> str | None:
        if client.is_public:
            return None
        match client.kind:
            case "configured":
                return self._configured.secret_of(client.client_id)
            case "registered":
                return self._registered.secret_of(client.client_id)
            case "metadata_document":
                return None


def _is_one_of(expected: str, shown: tuple[str, ...]) -> bool:
    # Each reading is compared, in constant time.
    found = [hmac.compare_digest(expected.encode(), each.encode()) for each in shown]
    return any(found)
