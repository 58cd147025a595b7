"""What is kept of logins, as values and as the JSON of the token file. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal, get_args

from gateway.client.urls import covers
from gateway.strict_json import parse_json_object

ClientAuthMethod = Literal["none", "client_secret_basic", "client_secret_post"]
METHODS: tuple[ClientAuthMethod, ...] = get_args(ClientAuthMethod)

_FORMAT = 1
_MARGIN_S = 60.0  # what is used once more must still be good when it arrives
_MARGIN_SHARE = 0.2  # of a short life


@dataclass(frozen=True, slots=True)
class Registration:
    """What the client is at one issuer, and how it proves it: RFC 7591 §3.2.1."""

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    method: ClientAuthMethod = "none"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token endpoint gave; times in Unix seconds.

    `expires_at` is None where it was not said, `scopes` None for those that were asked for.
    """

    access_token: str = field(repr=False)
    issued_at: float
    expires_at: float | None = None
    refresh_token: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] | None = None

    def is_fresh(self, now: float) -> bool:
        """Tell whether it will still be good for a moment; one that names no end is."""
        if self.expires_at is None:
            return True
        lifetime_s = max(0.0, self.expires_at - self.issued_at)
        return now < self.expires_at - min(_MARGIN_S, lifetime_s * _MARGIN_SHARE)


@dataclass(frozen=True, slots=True)
class Login:
    """The tokens of one person for one resource of one issuer, and where they are renewed.

    A registration belongs to its login: it never meets another issuer (MCP authorization).
    """

    issuer: str
    resource: str
    server_url: str
    registration: Registration
    token_endpoint: str
    tokens: Tokens
    revocation_endpoint: str | None = None
    logged_in_at: float = 0.0

    @property
    def key(self) -> tuple[str, str]:
        """What it is kept by: issuer and resource, never a port of a callback."""
        return self.issuer, self.resource


def find_login(logins: Iterable[Login], server_url: str, issuer: str | None = None) -> Login | None:
    """The login for a server: the one with this very URL first, then the closest resource.

    Of several issuers, the one that was logged in to last, unless `issuer` names it.
    """
    fitting = [
        each
        for each in logins
        if issuer in (None, each.issuer)
        and (each.server_url == server_url or covers(each.resource, server_url))
    ]
    return max(fitting, key=lambda each: _closeness(each, server_url), default=None)


def _closeness(login: Login, server_url: str) -> tuple[bool, int, float]:
    return login.server_url == server_url, len(login.resource), login.logged_in_at


def with_login(logins: Iterable[Login], login: Login) -> Sequence[Login]:
    """The logins with this one in the place of the one with its key."""
    return [*without_login(logins, login.key), login]


def without_login(logins: Iterable[Login], key: tuple[str, str]) -> Sequence[Login]:
    """The logins but the one with this key."""
    return [each for each in logins if each.key != key]


def build_token_file(logins: Sequence[Login]) -> str:
    """The text of the file."""
    return json.dumps({"format": _FORMAT, "logins": [asdict(each) for each in logins]}, indent=1)


def parse_token_file(text: bytes) -> Sequence[Login]:
    """Read the file. Raises ValueError when this version of the client did not write it."""
    document = parse_json_object(text)
    entries = document.get("logins")
    if document.get("format") != _FORMAT or not isinstance(entries, list):
        raise ValueError("not of this version")
    try:
        return [_parse_login(each) for each in entries]
    except (KeyError, TypeError) as error:
        raise ValueError("a login lacks something") from error


def _parse_login(entry: Mapping[str, object]) -> Login:
    registration, tokens = _members(entry["registration"]), _members(entry["tokens"])
    scopes = tokens["scopes"]
    return Login(
        issuer=_text(entry["issuer"]),
        resource=_text(entry["resource"]),
        server_url=_text(entry["server_url"]),
        registration=Registration(
            _text(registration["client_id"]),
            _optional_text(registration["client_secret"]),
            _method(registration["method"]),
        ),
        token_endpoint=_text(entry["token_endpoint"]),
        tokens=Tokens(
            _text(tokens["access_token"]),
            _number(tokens["issued_at"]),
            None if tokens["expires_at"] is None else _number(tokens["expires_at"]),
            _optional_text(tokens["refresh_token"]),
            None if not isinstance(scopes, list) else tuple(map(_text, scopes)),
        ),
        revocation_endpoint=_optional_text(entry["revocation_endpoint"]),
        logged_in_at=_number(entry["logged_in_at"]),
    )


def _members(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError("not an object")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _optional_text(value: object) -> str | None:
    return None if value is None else _text(value)


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise TypeError("not a number")
    return float(value)


def _method(value: object) -> ClientAuthMethod:
    for method in METHODS:
        if method == value:
            return method
    raise TypeError("not a method")
