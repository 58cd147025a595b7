"""Every kind of client that the server knows, and how each proves who it is."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.authserver.clients.authenticate import ClientAuthenticator
from gateway.authserver.clients.clients import Clients, ClientSource
from gateway.authserver.clients.configured import ConfiguredClients
from gateway.authserver.clients.registered import RegisteredClients
from gateway.authserver.sealed_values import SealedValues
from gateway.config.authorization_server import AuthorizationServer as Settings
from gateway.policy.limit import RateLimit


@dataclass(frozen=True, slots=True)
class KnownClients:
    """The clients, and how they become and prove it.

    `registered` is None where no client can register now; `metadata_documents` is True where
    client ids may be URLs.
    """

    clients: Clients
    authenticator: ClientAuthenticator
    registered: RegisteredClients | None
    registrations: RateLimit | None = None
    metadata_documents: bool = False


def build_known_clients(
    settings: Settings, sealed: SealedValues, key: bytes, documents: Sequence[ClientSource] = ()
) -> KnownClients:
    """Build every source; `documents` are those of client ids that are URLs.

    `key` makes the secrets of clients that register; what has registered already goes on to work
    when registration is switched off.
    """
    configured = ConfiguredClients(settings.clients)
    secrets_key = hashlib.blake2b(b"client secrets", key=key).digest()
    registered = RegisteredClients(sealed, secrets_key)
    clients = Clients([configured, *documents, registered])
    limit = settings.registrations_per_address
    return KnownClients(
        clients,
        ClientAuthenticator(clients, configured, registered),
        registered if settings.dynamic_registration else None,
        None if limit is None else RateLimit(*limit),
        metadata_documents=bool(documents),
    )
