"""The authorization request and its response: RFC 6749 §4.1, 7636, 8707, 9207. Pure."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from gateway.client.discovery.published import AuthorizationServer, ProtectedResource
from gateway.client.failure import ClientFailure
from gateway.oauth.pkce import build_code_challenge

SECRET_BYTES = 32  # RFC 7636 §7.1; of verifier and state


class ForeignResponse(Exception):
    """A response that belongs to no request of this flow; it decides nothing."""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What one login must remember until its response comes; never shared with another."""

    server: AuthorizationServer
    resource: str
    redirect_uri: str
    scopes: Sequence[str]
    state: str = field(repr=False)
    code_verifier: str = field(repr=False)


def choose_scopes(
    asked: Sequence[str],
    challenged: Sequence[str],
    published: ProtectedResource,
    server: AuthorizationServer,
) -> tuple[str, ...]:
    """What to ask for: MCP authorization, scope selection.

    What a person asks for, else what the challenge names, else all that the server publishes;
    and a refresh token where the issuer knows that scope.
    """
    if asked:
        return tuple(asked)
    chosen = tuple(challenged) or published.scopes
    offline = "offline_access" in (server.listed("scopes_supported") or ())
    return tuple(dict.fromkeys((*chosen, *(("offline_access",) if offline else ()))))


def check_pkce(server: AuthorizationServer) -> None:
    """Raise `ClientFailure` unless the issuer says that it checks S256: MCP authorization."""
    if "S256" not in (server.listed("code_challenge_methods_supported") or ()):
        raise ClientFailure(
            f"{server.issuer} does not say that it checks PKCE with S256, so a stolen code could"
            " be used; its operator has to publish code_challenge_methods_supported"
        )


def build_authorization_url(sent: AuthorizationRequest, client_id: str) -> str:
    """The URL that a person opens. A query that the endpoint has stays."""
    endpoint = sent.server.needed_endpoint("authorization_endpoint")
    parameters = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": sent.redirect_uri,
        "state": sent.state,
        "code_challenge": build_code_challenge(sent.code_verifier),
        "code_challenge_method": "S256",
        "resource": sent.resource,
    }
    if sent.scopes:
        parameters["scope"] = " ".join(sent.scopes)
    if "offline_access" in sent.scopes:
        parameters["prompt"] = "consent"  # OpenID Connect Core §11
    parts = urlsplit(endpoint)
    query = "&".join(filter(None, (parts.query, urlencode(parameters))))
    return parts._replace(query=query, fragment="").geturl()


def parse_response(sent: AuthorizationRequest, query: Mapping[str, str]) -> str:
    """The code of an authorization response.

    Raises `ForeignResponse` without this request's state, and `ClientFailure` for a response of
    another issuer (RFC 9207 §2.4) and for an error.
    """
    if not hmac.compare_digest(query.get("state", "").encode(), sent.state.encode()):
        raise ForeignResponse
    named, issuer = query.get("iss"), sent.server.issuer
    if (named is None and sent.server.sends_issuer) or named not in (None, issuer):
        raise ClientFailure(
            f"the response of the login names {named or 'no issuer'} instead of {issuer}, so its"
            " code is not used; tell the server's operator"
        )
    if "code" in query:
        return query["code"]
    error, said = query.get("error", "no code"), query.get("error_description", "")
    raise ClientFailure(f"{issuer} refuses the login: {error}{f': {said}' if said else ''}")
