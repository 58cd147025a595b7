"""Who a client says that it is at the token endpoint: RFC 6749 §2.3.1."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from gateway.errors import InvalidRequest
from gateway.oauth.errors import InvalidClient
from gateway.oauth.parameters import Parameters


@dataclass(frozen=True, slots=True)
class PresentedClient:
    """An id, and the spellings in which its secret may be meant; none for a public client.

    Some clients do not percent-encode what they put into Basic, so both readings count.
    `uses_header` is True when the answer to a wrong secret needs a challenge of its own.
    """

    client_id: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    uses_header: bool = False


def parse_client(authorization: Sequence[str], parameters: Parameters) -> PresentedClient:
    """Read the client of a form, from `Authorization: Basic` or the form itself.

    Raises `InvalidRequest` for two ways at once, and `InvalidClient` when none is named or the
    header is malformed.
    """
    named = parameters.get("client_id")
    secret = parameters.get("client_secret")
    if parameters.get("client_assertion") is not None:
        raise InvalidClient("Signed client assertions are not taken here.")
    basic = _parse_basic(authorization)
    if basic is None:
        if named is None:
            raise InvalidClient("The client_id is missing.")
        return PresentedClient(named, () if secret is None else (secret,))
    if secret is not None:
        raise InvalidRequest("Authenticate in one way only.", reason="two_authentications")
    ids, secrets = basic
    if named is not None and named not in ids:
        raise InvalidRequest("Two different clients are named.", reason="two_clients")
    client_id = named if named is not None else ids[0]
    return PresentedClient(client_id, secrets, uses_header=True)


def _parse_basic(
    authorization: Sequence[str],
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The readings of the id and of the secret, None when no such header came."""
    if not authorization:
        return None
    if len(authorization) > 1:
        raise InvalidRequest("Send one Authorization header, not several.")
    scheme, _, told = authorization[0].partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient("Only Basic is taken in the Authorization header.")
    try:
        text = base64.b64decode(told.strip(" "), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise InvalidClient("The Authorization header is malformed.") from None
    client_id, colon, secret = text.partition(":")
    if not colon or not client_id:
        raise InvalidClient("The Authorization header is malformed.")
    return _readings(client_id), _readings(secret) if secret else ()


def _readings(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((unquote_plus(text), text)))
