"""Telling the upstream who calls: principal to header lines. Pure.

Every value is percent-encoded UTF-8, in which printable ASCII stands for itself except `%`
(and `,` within a list, whose members are joined by `,`) and except a space at either end. So
`unquote` gives back exactly what the token said, and no value can end a line, split a list or
lose its edges (attack I8). RFC 8187 would need a second parameter syntax in a plain header.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

from gateway.errors import AccessDenied, IdentityUnavailable
from gateway.http.message_head import Field, Lines, field_lines
from gateway.identity.principal import Principal
from gateway.identity.token.claims import find_claim
from gateway.proxy.outgoing.identity_bounds import Bounds, Shortened

INCOMPLETE = b"X-Gateway-Incomplete"
_PRINTABLE = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")
_PRINTABLE_IN_LIST = _PRINTABLE.replace(",", "")
_FIELDS = frozenset(
    {"subject", "email", "name", "groups", "roles", "scopes", "issuer", "client_id"}
)
_CLAIMS = "claims."


@dataclass(frozen=True, slots=True)
class IdentityHeader:
    """A header and what it tells: a field of the principal or `claims.<path>`.

    A `required` one that has no value denies the request.
    """

    name: str
    source: str
    required: bool = False


def check_source(source: str) -> None:
    """Raise ValueError for a source that no principal has."""
    if source not in _FIELDS and not source.startswith(_CLAIMS):
        raise ValueError(f"no principal has {source!r}; name a field or claims.<path>")


class Identity(NamedTuple):
    """The identity headers of a caller, and those of them that do not tell all."""

    lines: Lines
    shortened: tuple[Shortened, ...]


def build_identity(
    principal: Principal | None, headers: Iterable[IdentityHeader], bounds: Bounds
) -> Identity:
    """Encode the identity headers of a caller, None for a public route.

    A header without a value is left out. Raises `AccessDenied` when it is required, and
    `IdentityUnavailable` for groups that nobody knows: an upstream would read "none".
    """
    fields: list[Field] = []
    shortened: list[Shortened] = []
    for header in headers:
        value = None if principal is None else _read(principal, header.source)
        text = _encode(value)
        if len(text) > bounds.max_bytes:
            members = len(value) if isinstance(value, list | tuple) else None
            shortened.append(Shortened(header.name, members, len(text)))
            text = _within(bounds, header.source, value)
        if text:
            fields.append((header.name.encode("ascii"), text.encode("ascii")))
        elif header.required:
            raise AccessDenied("The token lacks what this server must know about its callers.")
    if shortened:
        # A server must not take what it is told for all that there is.
        names = ", ".join(each.header for each in shortened)
        fields.append((INCOMPLETE, names.encode("ascii")))
    return Identity(field_lines(fields), tuple(shortened))


def _within(bounds: Bounds, source: str, value: object) -> str:
    if not bounds.keep_named or not isinstance(value, list | tuple):
        return ""
    text = _encode(bounds.named_of(source, [_scalar(member) for member in value]))
    return text if len(text) <= bounds.max_bytes else ""


def _read(principal: Principal, source: str) -> object:
    path = source.removeprefix(_CLAIMS)
    if path != source:
        return find_claim(principal.claims, path)
    value: object = getattr(principal, source)
    if value is None and source == "groups":
        raise IdentityUnavailable("The caller's groups are not known now.", reason="groups_unknown")
    return sorted(value) if isinstance(value, frozenset) else value


def _encode(value: object) -> str:
    if isinstance(value, list | tuple):
        members = [_quote(_scalar(member), _PRINTABLE_IN_LIST) for member in value]
        return ",".join(member for member in members if member)
    return _quote(_scalar(value), _PRINTABLE)


def _quote(text: str, safe: str) -> str:
    # A lone surrogate, which JSON can hold, is encoded like any other character.
    encoded = quote(text, safe=safe, errors="surrogatepass")
    core = encoded.strip(" ")
    if not core:
        return "%20" * len(encoded)
    start = encoded.index(core)
    end = len(encoded) - start - len(core)
    return "%20" * start + core + "%20" * end


def _scalar(value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            return ""  # an object or null says nothing that a header could hold
