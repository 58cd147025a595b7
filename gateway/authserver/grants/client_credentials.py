"""Tokens for configured clients themselves, where no person stands behind: RFC 6749 §4.4."""

import secrets

from gateway.authserver.clients.client import Client
from gateway.authserver.grants.tokens import Tokens
from gateway.authserver.resources import ProtectedResource
from gateway.identity.keys.local_issuer import Grant
from gateway.oauth.errors import UnauthorizedClient

GRANT_TYPE = "client_credentials"
# RFC 9700 §4.15: so that no client passes for a user of the same name. No account's name has it.
SUBJECT_PREFIX = "client:"
_ID_BYTES = 16


def grant_to_client(
    tokens: Tokens,
    client: Client,
    resource: ProtectedResource,
    asked: tuple[frozenset[str] | None, str | None],
    now: float,
) -> dict[str, object]:
    """Answer with a token; `asked` are scopes and DPoP key. No refresh token: RFC 6749 §4.4.3.

    Raises `UnauthorizedClient`.
    """
    if client.is_public or GRANT_TYPE not in client.grant_types:
        raise UnauthorizedClient("This client may not use client_credentials.")
    asked_scopes, dpop_key = asked
    scopes = resource.narrow(asked_scopes, client)
    token = tokens.sign(
        Grant(
            subject=SUBJECT_PREFIX + client.client_id,
            audience=resource.resource,
            client_id=client.client_id,
            scopes=scopes,
            name=client.name,
            lifetime_s=tokens.lifetime_s,
            key_thumbprint=dpop_key,
            session_id=secrets.token_urlsafe(_ID_BYTES),  # its own: it can be revoked by itself
        ),
        now,
    )
    return tokens.answer(token, scopes, dpop_key, tokens.lifetime_s)
