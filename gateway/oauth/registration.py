"""Dynamic client registration: RFC 7591."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeGuard
from urllib.parse import urlsplit

from gateway.oauth.errors import InvalidClientMetadata, InvalidRedirectUri
from gateway.oauth.redirect_uri import check_redirect_uri, is_loopback_redirect

RegisteredAuthMethod = Literal["none", "client_secret_basic", "client_secret_post"]
ApplicationType = Literal["native", "web"]
MAX_REDIRECT_URIS = 10
MAX_NAME_CHARS = 100
_METHODS: Mapping[str, RegisteredAuthMethod] = {
    "none": "none",
    "client_secret_basic": "client_secret_basic",
    "client_secret_post": "client_secret_post",
}
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"  # RFC 8628 §3.4
GRANTS = ("authorization_code", "refresh_token")
GRANTS_OF_DEVICES = (*GRANTS, DEVICE_GRANT)
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Registration:
    """What a client registers, checked. Unknown metadata is ignored: §2."""

    redirect_uris: tuple[str, ...]
    client_name: str | None
    auth_method: RegisteredAuthMethod
    grant_types: tuple[str, ...]
    application_type: ApplicationType
    scope: str | None = None


def parse_registration(document: object, offered: Sequence[str] = GRANTS) -> Registration:
    """Check a request. Raises `InvalidRedirectUri` and `InvalidClientMetadata`: §3.2.2.

    `offered` are the grants that a client may have. Nothing that it names is fetched: neither
    `logo_uri` nor `jwks_uri`.
    """
    if not isinstance(document, Mapping):
        raise InvalidClientMetadata("Send a JSON object.")
    uris = _redirect_uris(document.get("redirect_uris"))
    # The default of §2 is a secret, which MCP clients that say nothing cannot keep.
    method = document.get("token_endpoint_auth_method")
    method = "none" if method is None else method
    if not isinstance(method, str) or method not in _METHODS:
        raise InvalidClientMetadata("token_endpoint_auth_method is not offered here.")
    _check_response_types(document.get("response_types"))
    return Registration(
        redirect_uris=uris,
        client_name=_name(document.get("client_name")),
        auth_method=_METHODS[method],
        grant_types=_grant_types(document.get("grant_types"), offered),
        application_type=_application_type(document.get("application_type"), uris),
        scope=_scope(document.get("scope")),
    )


def build_registration_response(
    client_id: str, secret: str | None, registration: Registration, now: float
) -> dict[str, object]:
    """All that was registered: §3.2.1. A secret of a sealed client never expires: 0."""
    told: dict[str, object] = {
        "client_id": client_id,
        "client_id_issued_at": int(now),
        "redirect_uris": list(registration.redirect_uris),
        "token_endpoint_auth_method": registration.auth_method,
        "grant_types": list(registration.grant_types),
        "response_types": ["code"],
        "application_type": registration.application_type,
    }
    if registration.client_name is not None:
        told["client_name"] = registration.client_name
    if registration.scope is not None:
        told["scope"] = registration.scope
    if secret is not None:
        told |= {"client_secret": secret, "client_secret_expires_at": 0}
    return told


def clean_name(text: str) -> str:
    """A name as people may see it: one line, no invisible or direction-changing characters."""
    visible = "".join(
        " " if unicodedata.category(each).startswith("Z") or each in "\t\r\n" else each
        for each in unicodedata.normalize("NFC", text)
        if not unicodedata.category(each).startswith("C") or each in "\t\r\n"
    )
    return _BLANKS.sub(" ", visible).strip()[:MAX_NAME_CHARS]


def _redirect_uris(value: object) -> tuple[str, ...]:
    if not _is_texts(value) or not value:
        raise InvalidRedirectUri("redirect_uris must be a list of URIs with at least one.")
    if len(value) > MAX_REDIRECT_URIS:
        raise InvalidRedirectUri(f"At most {MAX_REDIRECT_URIS} redirect URIs can be registered.")
    for uri in value:
        check_redirect_uri(uri)
    return tuple(dict.fromkeys(value))


def _check_response_types(value: object) -> None:
    # Some clients copy the whole list of the metadata; one of it must be ours.
    if value is not None and (not _is_texts(value) or (value and "code" not in value)):
        raise InvalidClientMetadata("response_types must hold code.")


def _grant_types(value: object, offered: Sequence[str]) -> tuple[str, ...]:
    if not value:
        return GRANTS
    if not _is_texts(value):
        raise InvalidClientMetadata("grant_types must be a list.")
    granted = tuple(each for each in offered if each in value)
    if not set(granted) - {"refresh_token"}:
        # `client_credentials` above all is for clients that the operator wrote down.
        logins = " or ".join(each for each in offered if each != "refresh_token")
        raise InvalidClientMetadata(f"grant_types must hold {logins}.")
    return granted


def _application_type(value: object, uris: Sequence[str]) -> ApplicationType:
    """OIDC Registration §2, but for its default, which native MCP clients never meant."""
    native = any(urlsplit(uri).scheme != "https" for uri in uris)
    if value == "web" and any(
        urlsplit(uri).scheme != "https" and not is_loopback_redirect(uri) for uri in uris
    ):
        raise InvalidRedirectUri("A web application has https redirect URIs.")
    if value in ("web", "native"):
        return "web" if value == "web" else "native"
    return "native" if native else "web"


def _name(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise InvalidClientMetadata("client_name must be text.")
    return clean_name(value) or None if value else None


def _scope(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise InvalidClientMetadata("scope must be text.")
    # As long as it may be only told back: what can be granted is decided at each login.
    return " ".join(value.split())[:1024] or None if value else None


def _is_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
