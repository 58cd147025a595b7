"""Client ID Metadata Documents: draft-ietf-oauth-client-id-metadata-document-02."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args
from urllib.parse import urlsplit

from gateway.oauth.errors import InvalidClient, InvalidClientMetadata
from gateway.oauth.registration import GRANTS, parse_registration
from gateway.oauth.resource import is_ambiguous_path, parse_host
from gateway.strict_json import parse_json_object

MAX_DOCUMENT_BYTES = 5 * 1024  # §8.7
MAX_URL_CHARS = 1024
_HTTPS = 443
# In the order in which they are preferred.
MetadataAuthMethod = Literal["private_key_jwt", "none"]
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})


@dataclass(frozen=True, slots=True)
class ClientIdMetadata:
    """A checked document; `host` served it, and is all of it that is vouched for.

    `auth_method` is the strongest of what the client and this server both know.
    """

    client_id: str
    host: str
    client_name: str
    redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    auth_method: MetadataAuthMethod
    jwks: Mapping[str, object] | None = field(default=None, repr=False)
    jwks_uri: str | None = None


def is_client_id_url(client_id: str) -> bool:
    """Whether a client identifier means to be a URL, so that it is nobody else's business."""
    return client_id[:6].lower().startswith(("http:", "https:"))


def parse_client_id_url(client_id: str) -> str:
    """The host, with its port unless it is the usual one. Raises `InvalidClient`: §3.

    Stricter than the draft: the path must be one that every server reads alike.
    """
    try:
        parts = urlsplit(client_id)
        host, port = parse_host(parts.netloc)
    except ValueError:
        raise _bad_url("it has no plain host") from None
    if not client_id.startswith("https://"):
        raise _bad_url("it is not https")
    if len(client_id) > MAX_URL_CHARS or not client_id.isascii() or not client_id.isprintable():
        raise _bad_url("it is too long, or has characters that no URL has")
    if "#" in client_id or " " in client_id or "\\" in client_id:
        raise _bad_url("it has a fragment, or characters that no URL has")
    if not parts.path or is_ambiguous_path(parts.path):
        raise _bad_url("it has no path, or one that servers could read in two ways")
    return host if port in (None, _HTTPS) else f"{host}:{port}"


def parse_client_id_metadata(
    raw: bytes,
    client_id: str,
    auth_methods: frozenset[MetadataAuthMethod],
    offered: Sequence[str] = GRANTS,
) -> ClientIdMetadata:
    """Check a document; `auth_methods` and `offered` grants are what this server takes: §4, §8.1.

    Raises `InvalidClientMetadata` and `InvalidRedirectUri`, which repeat nothing of it, and
    `InvalidClient` for a bad URL.
    """
    host = parse_client_id_url(client_id)
    if len(raw) > MAX_DOCUMENT_BYTES:
        raise InvalidClientMetadata(f"It has more than {MAX_DOCUMENT_BYTES} bytes.")
    try:
        document = parse_json_object(raw)
    except ValueError:
        raise InvalidClientMetadata("It is not one JSON object.") from None
    # §3: simple string comparison; :443 differs, and so does a slash at the end.
    if document.get("client_id") != client_id:
        raise InvalidClientMetadata("Its client_id is not the URL that it was asked for by.")
    if "client_secret" in document or "client_secret_expires_at" in document:
        raise InvalidClientMetadata("It holds a secret, which everybody can read.")
    # What was checked at registration is checked alike here; how it authenticates is not.
    told = parse_registration({**document, "token_endpoint_auth_method": "none"}, offered)
    if told.client_name is None:
        raise InvalidClientMetadata("Its client_name is missing.")
    method = _auth_method(document, auth_methods)
    jwks, jwks_uri = _keys(document)
    if method == "private_key_jwt" and jwks is None and jwks_uri is None:
        raise InvalidClientMetadata("It has neither jwks nor jwks_uri.")
    return ClientIdMetadata(
        client_id,
        host,
        told.client_name,
        told.redirect_uris,
        told.grant_types,
        method,
        jwks,
        jwks_uri,
    )


def _auth_method(
    document: Mapping[str, object], known: frozenset[MetadataAuthMethod]
) -> MetadataAuthMethod:
    """What is declared must be used: who can show a key may not do without, unless it says so."""
    declared = document.get("token_endpoint_auth_method")
    if isinstance(declared, str) and declared.startswith("client_secret"):
        raise InvalidClientMetadata("It wants a shared secret, which such a client cannot have.")
    # Not in the draft, but ChatGPT and opencode list what they can do besides.
    several = document.get("token_endpoint_auth_methods_supported")
    methods = [declared, *(several if isinstance(several, list) else ())]
    if declared is None and not several:
        methods = ["none"]
    for method in get_args(MetadataAuthMethod):
        if method in methods and method in known:
            found: MetadataAuthMethod = method
            return found
    raise InvalidClientMetadata("It authenticates in a way that is not taken here.")


def _keys(document: Mapping[str, object]) -> tuple[Mapping[str, object] | None, str | None]:
    jwks, jwks_uri = document.get("jwks"), document.get("jwks_uri")
    if jwks is not None and jwks_uri is not None:
        raise InvalidClientMetadata("It has both jwks and jwks_uri.")  # RFC 7591 §2
    if jwks is not None and not _is_public_key_set(jwks):
        raise InvalidClientMetadata("Its jwks is not a set of public keys.")
    if jwks_uri is not None and not (isinstance(jwks_uri, str) and jwks_uri.startswith("https://")):
        raise InvalidClientMetadata("Its jwks_uri is not an https URL.")
    return (jwks if isinstance(jwks, Mapping) else None), jwks_uri


def _is_public_key_set(jwks: object) -> bool:
    keys = jwks.get("keys") if isinstance(jwks, Mapping) else None
    return isinstance(keys, list) and all(
        isinstance(key, Mapping) and key.get("kty") != "oct" and _PRIVATE_MEMBERS.isdisjoint(key)
        for key in keys
    )


def _bad_url(why: str) -> InvalidClient:
    return InvalidClient(f"The client_id is no usable URL: {why}.", reason="client_id_url")
