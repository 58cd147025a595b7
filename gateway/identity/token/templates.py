"""URLs and texts with `{claim}` in them. Pure."""

import re
from collections.abc import Mapping
from urllib.parse import quote

from gateway.errors import IdentityUnavailable
from gateway.identity.token.claims import find_claim

_FIELD = re.compile(r"\{([^{}]*)\}")


def fill_url(template: str, claims: Mapping[str, object]) -> str:
    """Replace each `{claim}`, encoded so that no value leaves its path segment.

    Raises `IdentityUnavailable` when the token lacks a claim that the URL needs.
    """
    return _FIELD.sub(lambda match: _segment(find_claim(claims, match[1])), template)


def fill_with(template: str, text: str) -> str:
    """Put `text` in the place of every `{claim}`."""
    return _FIELD.sub(lambda match: text, template)


def fill_text(template: str, member: object) -> str | None:
    """A text from one member of a list: `{}` is the member, `{path}` a part of it.

    None when a part is not there.
    """
    try:
        return _FIELD.sub(lambda match: _part(member, match[1]), template)
    except LookupError:
        return None


def _segment(value: object) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool) or value in ("", ".", ".."):
        raise IdentityUnavailable("The token lacks what the lookup of its caller needs.")
    return quote(str(value), safe="")


def _part(member: object, path: str) -> str:
    value = member
    if path:
        value = find_claim(member, path) if isinstance(member, dict) else None
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise LookupError(path)
    return str(value)
