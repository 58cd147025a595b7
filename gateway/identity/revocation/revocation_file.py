"""The file of revocations that operators keep. Pure."""

from gateway.config.reading.nodes import parse_tree
from gateway.identity.revocation.revocation import Revocation, parse_revocation

_EXPECTED = "expected `revocations:` with a list, `[]` for none, and nothing else"


def parse_revocations(text: str) -> tuple[Revocation, ...]:
    """Read `revocations:` with a list. Raises ValueError that lists every mistake.

    An empty file is a mistake too: it may be half written, and must not pardon everybody.
    """
    tree = parse_tree(text)
    problems = [f"line {each.place.line}: {each.message}" for each in tree.problems]
    document = tree.value
    members = document.get("revocations") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(members, list) or len(document) != 1:
        raise ValueError("; ".join([*problems, _EXPECTED]))
    found: list[Revocation] = []
    for index, member in enumerate(members):
        try:
            found.append(parse_revocation(member))
        except ValueError as error:
            line = tree.place(("revocations", index)).line
            problems.append(f"line {line}: {error}")
    if problems:
        raise ValueError("; ".join(problems))
    return tuple(found)
