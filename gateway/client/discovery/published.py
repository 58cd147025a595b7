"""What servers and issuers say of themselves, as a client needs it: RFC 9728, RFC 8414. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.client.discovery.challenge import Challenge
from gateway.client.failure import ClientFailure
from gateway.client.urls import covers, may_lead_to, origin_of
from gateway.oauth.resource_metadata import WELL_KNOWN, resource_metadata_url
from gateway.oauth.server_metadata import ServerMetadata


@dataclass(frozen=True, slots=True)
class ProtectedResource:
    """What a server says of itself: RFC 9728 §2.

    `issuers` is empty where it says nothing: then its own origin is asked (MCP 2025-03-26).
    """

    resource: str
    issuers: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuthorizationServer:
    """An issuer's metadata as a client needs it."""

    metadata: ServerMetadata
    server_url: str

    @property
    def issuer(self) -> str:
        """Its identifier, exactly as it was named and as it answers."""
        return self.metadata.issuer

    @property
    def sends_issuer(self) -> bool:
        """Whether its authorization responses carry `iss`: RFC 9207 §3."""
        return self.metadata.document.get("authorization_response_iss_parameter_supported") is True

    @property
    def takes_client_metadata_documents(self) -> bool:
        """Whether a `client_id` may be the URL of a document."""
        return self.metadata.document.get("client_id_metadata_document_supported") is True

    def endpoint(self, name: str) -> str | None:
        """One of its endpoints; None when it has none that may be used."""
        try:
            url = self.metadata.endpoint(name)
        except ValueError:
            return None
        return url if may_lead_to(self.server_url, url) else None

    def needed_endpoint(self, name: str) -> str:
        """As `endpoint`. Raises `ClientFailure` when there is none."""
        url = self.endpoint(name)
        if url is None:
            raise ClientFailure(
                f"{self.issuer} publishes no usable {name}, so nobody can log in there;"
                " ask its operator how tokens are got"
            )
        return url

    def listed(self, name: str) -> tuple[str, ...] | None:
        """A list of words; None where it says nothing."""
        value = self.metadata.document.get(name)
        if not isinstance(value, list):
            return None
        return tuple(each for each in value if isinstance(each, str))


def resource_metadata_urls(server_url: str, challenge: Challenge | None) -> Sequence[str]:
    """Where the document may be: as the challenge says, at the server's path, at the root.

    A link to another origin is not followed: the document would speak for a foreign server.
    """
    linked = challenge.parameters.get("resource_metadata") if challenge is not None else None
    urls = [resource_metadata_url(server_url), origin_of(server_url) + WELL_KNOWN]
    path = urlsplit(server_url).path
    if path.endswith("/"):  # some keep the slash that others cut
        urls.insert(1, origin_of(server_url) + WELL_KNOWN + path)
    if linked and origin_of(linked) == origin_of(server_url):
        urls.insert(0, linked)
    return list(dict.fromkeys(urls))


def parse_resource_metadata(document: Mapping[str, object], server_url: str) -> ProtectedResource:
    """Check a document. Raises ValueError when it is about another server: RFC 9728 §3.3."""
    resource = document.get("resource")
    if not isinstance(resource, str) or not covers(resource, server_url):
        raise ValueError(f"it is about {resource}, not about {server_url}")
    issuers = _words(document.get("authorization_servers"))
    return ProtectedResource(resource, issuers, _words(document.get("scopes_supported")))


def _words(value: object) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
