"""What providers write in several ways that can only mean one thing. Pure.

Never for what a token itself says: there the standards leave one way (RFC 7519 §4.1).
"""

import re
from collections.abc import Mapping

from gateway.identity.token.claims import find_claim

# A longer text stays one, and is refused as no number: 16 digits are those of 2**53.
_NUMBER = re.compile(r"[0-9]{1,16}(?:\.[0-9]{1,9})?")
_TIMES = ("exp", "iat", "nbf")


def without_nulls(document: Mapping[str, object]) -> dict[str, object]:
    """The members that say something: many servers write null for what they do not know."""
    return {name: value for name, value in document.items() if value is not None}


def parse_number(value: object) -> object:
    """A number that is written as text; anything else as it is."""
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        return value
    return float(value) if "." in value else int(value)


def normal_answer(document: Mapping[str, object]) -> dict[str, object]:
    """An answer about a token: without nulls, with its times as numbers."""
    normal = without_nulls(document)
    return normal | {name: parse_number(normal[name]) for name in _TIMES if name in normal}


def normal_user(document: Mapping[str, object], subject: str) -> dict[str, object]:
    """An answer about a user: as one about a token, and a numeric user id becomes text, too."""
    normal = normal_answer(document)
    identifier = find_claim(document, subject)
    if isinstance(identifier, int) and not isinstance(identifier, bool):
        normal[subject] = str(identifier)  # found before what stands deeper
    return normal
