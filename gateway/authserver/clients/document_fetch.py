"""Fetching a client's metadata document, and telling what is bad from what is only away."""

import re
from http import HTTPStatus
from pathlib import Path

from gateway.authserver.clients.client import Client
from gateway.http.peer import Network
from gateway.identity.provider.address_guard import AddressForbidden, AddressGuard
from gateway.identity.provider.fetch import Call, Fetcher, parse_max_age
from gateway.identity.provider.raw_answer import RawAnswer
from gateway.oauth.client_id_metadata import (
    MAX_DOCUMENT_BYTES,
    ClientIdMetadata,
    MetadataAuthMethod,
    parse_client_id_metadata,
)
from gateway.oauth.errors import InvalidClient, InvalidClientMetadata, InvalidRedirectUri
from gateway.oauth.registration import GRANTS_OF_DEVICES
from gateway.resilience.document import FetchFailed

# What can be checked at the token endpoint.
AUTH_METHODS: frozenset[MetadataAuthMethod] = frozenset({"none"})
MAX_AT_ONCE = 16
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_JSON = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)


class DocumentRefused(InvalidClient):
    """The document is gone, or it is there and no good: no earlier copy counts any longer."""


class DocumentUnavailable(InvalidClient):
    """The document cannot be had now: it says nothing about the client."""


def build_document_fetcher(ca_file: Path | None, allowed: tuple[Network, ...]) -> Fetcher:
    """What asks the hosts of documents: public ones, and those in the `allowed` networks.

    Raises `ConfigError` when `ca_file` cannot be read.
    """
    return Fetcher(
        ca_file=ca_file,
        max_bytes=MAX_DOCUMENT_BYTES,
        connections=MAX_AT_ONCE,
        guard=AddressGuard(allowed),
    )


async def fetch_document(fetcher: Fetcher, client_id: str) -> tuple[Client, float | None]:
    """The client that its document describes, and for how many seconds it is called fresh.

    Raises `DocumentRefused` and `DocumentUnavailable`.
    """
    try:
        received = await fetcher.receive(Call(client_id))
    except AddressForbidden as error:
        raise DocumentRefused(
            "The client's metadata document is at a place that is not asked.",
            reason="client_document_address",
        ) from error
    except FetchFailed as error:
        raise _away("its host cannot be reached") from error
    if received.status in _GONE:
        raise DocumentRefused(
            "The client's metadata document is gone.", reason="client_document_gone"
        )
    if received.status != HTTPStatus.OK:
        raise _away(f"its host answered {received.status}")
    _check_is_document(received)
    return read_document(received.body, client_id), parse_max_age(received.headers)


def read_document(raw: bytes, client_id: str) -> Client:
    """The client that a document describes. Raises `DocumentRefused`."""
    try:
        return _client_of(parse_client_id_metadata(raw, client_id, AUTH_METHODS, GRANTS_OF_DEVICES))
    except (InvalidClientMetadata, InvalidRedirectUri) as error:
        raise _no_good(error.description) from error


def _check_is_document(received: RawAnswer) -> None:
    kind = received.headers.get("Content-Type", "")
    is_json = _JSON.fullmatch(kind.strip()) is not None
    if received.unread is not None and is_json:
        raise _no_good("It is too large, or compressed.")
    if is_json:
        return
    # What stands between us and the host answers 200 with a page for people, of any size.
    if received.unread is not None or received.body.lstrip()[:1] == b"<":
        raise _away("its host answered with a page instead")
    raise _no_good("Its Content-Type is not application/json.")


def _client_of(told: ClientIdMetadata) -> Client:
    return Client(
        told.client_id,
        "metadata_document",
        told.redirect_uris,
        told.client_name,
        told.auth_method,
        frozenset(told.grant_types),
        verified_host=told.host,
        jwks=told.jwks,
        jwks_uri=told.jwks_uri,
    )


def _no_good(why: str) -> DocumentRefused:
    return DocumentRefused(
        f"The client's metadata document cannot be used. {why}", reason="client_document_invalid"
    )


def _away(why: str) -> DocumentUnavailable:
    return DocumentUnavailable(
        f"The client's metadata document cannot be had now: {why}.",
        reason="client_document_unavailable",
    )
