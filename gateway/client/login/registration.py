"""What the client is at an issuer: given, a metadata document, or registered: RFC 7591."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.client.discovery.published import AuthorizationServer
from gateway.client.failure import ClientFailure
from gateway.client.tokens.logins import METHODS, ClientAuthMethod, Registration
from gateway.client.tokens.token_endpoint import error_text
from gateway.client.web import Web, WebRequest
from gateway.oauth.registration import DEVICE_GRANT

CLIENT_NAME = "mcpgw"
_CREATED = (200, 201)  # RFC 7591 says 201; some say 200


@dataclass(frozen=True, slots=True)
class GivenClient:
    """What a person knows of a client: one that exists, or the URL of its metadata document."""

    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    metadata_url: str | None = None


async def find_registration(
    web: Web,
    server: AuthorizationServer,
    given: GivenClient,
    redirect_uri: str,
    scopes: Sequence[str],
) -> Registration:
    """Be a client of this issuer, in the order of the MCP specification.

    A client that exists, then a metadata document where the issuer takes one, then a new
    registration. Raises `ClientFailure` when none of them is possible.
    """
    if given.client_id is not None:
        return _existing(server, given.client_id, given.client_secret)
    if given.metadata_url is not None and server.takes_client_metadata_documents:
        return Registration(given.metadata_url)
    endpoint = server.endpoint("registration_endpoint")
    if endpoint is None:
        raise ClientFailure(
            f"{server.issuer} registers no clients by itself; ask its operator for a client with"
            f" the redirect URI http://127.0.0.1/callback and name it with --client-id"
        )
    body = build_registration(server, redirect_uri, scopes)
    answer = await web.send(WebRequest(endpoint, "POST", json=body))
    if answer.status not in _CREATED or answer.document is None:
        raise ClientFailure(
            f"{server.issuer} does not register the client ({error_text(answer)});"
            " ask its operator for one and name it with --client-id"
        )
    return parse_registration(answer.document)


def build_registration(
    server: AuthorizationServer, redirect_uri: str, scopes: Sequence[str]
) -> dict[str, object]:
    """The metadata of a new client: RFC 7591 §2."""
    grants = ["authorization_code", "refresh_token"]
    if server.endpoint("device_authorization_endpoint") is not None:
        grants.append(DEVICE_GRANT)
    supported = server.listed("grant_types_supported")
    body: dict[str, object] = {
        "client_name": CLIENT_NAME,
        "redirect_uris": [redirect_uri],
        "grant_types": [each for each in grants if supported is None or each in supported],
        "response_types": ["code"],
        "token_endpoint_auth_method": _preferred(server, METHODS),
        "application_type": "native",
    }
    return body | ({"scope": " ".join(scopes)} if scopes else {})


def parse_registration(document: Mapping[str, object]) -> Registration:
    """Read the answer: RFC 7591 §3.2.1. Raises `ClientFailure` when it cannot be used."""
    client_id, secret = document.get("client_id"), document.get("client_secret")
    if not isinstance(client_id, str) or not client_id:
        raise ClientFailure("the registration names no client_id; its operator has to mend that")
    if not isinstance(secret, str) or not secret:
        return Registration(client_id)
    # RFC 7591 §2: what is not said is client_secret_basic.
    said = document.get("token_endpoint_auth_method", "client_secret_basic")
    for method in METHODS:
        if method == said:
            return Registration(client_id, secret if method != "none" else None, method)
    raise ClientFailure(f"the registration asks for {said}, which this client cannot do")


def _existing(server: AuthorizationServer, client_id: str, secret: str | None) -> Registration:
    if secret is None:
        return Registration(client_id)
    return Registration(client_id, secret, _preferred(server, METHODS[1:]))


def _preferred(
    server: AuthorizationServer, methods: Sequence[ClientAuthMethod]
) -> ClientAuthMethod:
    supported = server.listed("token_endpoint_auth_methods_supported")
    if supported is None or (methods[0] == "none" and "none" in supported):
        return methods[0]
    # In the issuer's order: not all do everything that they list as well as the first.
    return next((each for name in supported for each in methods if each == name), methods[0])
