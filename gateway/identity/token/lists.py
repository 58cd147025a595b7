"""Lists of groups and roles in the answers of providers. Pure."""

from gateway.errors import IdentityUnavailable
from gateway.identity.token.claims import find_claim
from gateway.identity.token.templates import fill_text


def parse_list(document: object, items: str, each: str) -> tuple[str, ...]:
    """Make a text of each member of the list at `items` (the document itself when empty).

    Raises `IdentityUnavailable` for an answer of another shape: nothing can be read off it,
    least of all that the caller has no groups.
    """
    found = document
    if items:
        found = find_claim(document, items) if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise IdentityUnavailable("The provider's answer is not understood.")
    texts = (fill_text(each, member) for member in found)
    return tuple(dict.fromkeys(text for text in texts if text))
