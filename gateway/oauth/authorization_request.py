"""What a client asks for at the authorization endpoint: RFC 6749 §4.1.1 and its heirs."""

import re
from dataclasses import dataclass

from gateway.errors import InvalidRequest
from gateway.oauth.errors import UnsupportedResponseType
from gateway.oauth.parameters import Parameters
from gateway.oauth.pkce import parse_code_challenge

MAX_STATE_CHARS = 2048
MAX_HINT_CHARS = 320
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
# OIDC Core §3.1.2.1; what else there is does not change what happens here.
_NOT_OFFERED = ("request", "request_uri")


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request whose client and redirect URI were found good.

    `resources` as they came; `scopes` is None when none were named. `dpop_key` is the thumbprint
    that the code is to be bound to (RFC 9449 §10).
    """

    code_challenge: str
    resources: tuple[str, ...] = ()
    scopes: frozenset[str] | None = None
    prompt: frozenset[str] = frozenset()
    login_hint: str | None = None
    dpop_key: str | None = None


def parse_state(parameters: Parameters) -> str | None:
    """The client's own value, which goes back with every answer. Raises `InvalidRequest`."""
    state = parameters.get("state")
    if state is not None and len(state) > MAX_STATE_CHARS:
        raise InvalidRequest(f"The state is longer than {MAX_STATE_CHARS} characters.")
    return state


def parse_authorization_request(parameters: Parameters) -> AuthorizationRequest:
    """Read everything but client, redirect URI and state, which are needed to answer at all.

    Raises `InvalidRequest` and `UnsupportedResponseType`.
    """
    if parameters.require("response_type") != "code":  # no implicit grant: OAuth 2.1 §10.1
        raise UnsupportedResponseType("response_type must be code.")
    if any(parameters.get(name) is not None for name in _NOT_OFFERED):
        raise InvalidRequest("Request objects are not offered here.", reason="request_object")
    if parameters.get("response_mode") not in (None, "query"):
        raise InvalidRequest("response_mode must be query.", reason="response_mode")
    return AuthorizationRequest(
        code_challenge=parse_code_challenge(parameters),
        resources=parameters.resources,
        scopes=parse_scope(parameters),
        prompt=frozenset((parameters.get("prompt") or "").split()),
        login_hint=(parameters.get("login_hint") or "")[:MAX_HINT_CHARS] or None,
        dpop_key=_thumbprint(parameters),
    )


def parse_scope(parameters: Parameters) -> frozenset[str] | None:
    """The scopes that are asked for, None when the client leaves the choice: RFC 6749 §3.3."""
    scope = parameters.get("scope")
    return frozenset(scope.split()) or None if scope is not None else None


def _thumbprint(parameters: Parameters) -> str | None:
    thumbprint = parameters.get("dpop_jkt")
    if thumbprint is not None and not _THUMBPRINT.fullmatch(thumbprint):
        raise InvalidRequest("The dpop_jkt is malformed.", reason="dpop_jkt")
    return thumbprint
