"""Words that a stranger chose, shown so that they cannot pass for the page's own."""

import unicodedata
from html import escape

_MAX_LENGTH = 60
_MAX_MARKS = 2  # on one letter; more of them reach into other lines
# Letters of these can look like Latin ones: Unicode TR 39, confusables.
_ALIKE = {
    "CYRILLIC",
    "GREEK",
    "ARMENIAN",
    "CHEROKEE",
    "COPTIC",
    "LISU",
    "MATHEMATICAL",
    "FULLWIDTH",
}


def isolated(text: str, max_length: int = _MAX_LENGTH) -> str:
    """HTML for one line of foreign text, cut where it is long.

    What is invisible or turns the direction of writing is left out; `<bdi>` keeps the direction
    of what is left to itself.

    >>> isolated("Cl\\u202eaude <b>")
    '<bdi>Claude &lt;b&gt;</bdi>'
    """
    plain = visible(text)
    cut = plain if len(plain) <= max_length else plain[: max_length - 1].rstrip() + "…"
    return f"<bdi>{escape(cut)}</bdi>"


def visible(text: str) -> str:
    """The text on one line without the characters that nobody sees."""
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if category.startswith("Z") or character in "\t\r\n":
            kept.append(" ")
        elif not category.startswith("C") and marks <= _MAX_MARKS:
            kept.append(character)
    return " ".join("".join(kept).split())


def look_alikes(text: str) -> str | None:
    """Name the alphabets whose letters can be taken for Latin ones, or None.

    >>> look_alikes("\\u0421laude")
    'Cyrillic'
    """
    found = {unicodedata.name(each, "").split(" ")[0] for each in text if ord(each) > 0x7F}  # noqa: PLR2004  # ASCII
    return " and ".join(sorted(each.capitalize() for each in found & _ALIKE)) or None
