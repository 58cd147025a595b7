"""The table in `requirements.md`: what the gateway is held to, by id."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("requirements.md")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One row. `planned` rows belong to a part of the gateway that is still to come."""

    section: str
    sentence: str
    planned: bool


def read_requirements(table: str) -> dict[str, Requirement]:
    """Read every row of the table; raises ValueError when an id stands twice."""
    found: dict[str, Requirement] = {}
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 4 or cells[0] in {"id", "---"}:
            continue
        identifier, section, sentence, when = cells
        if identifier in found:
            raise ValueError(f"requirement {identifier} stands twice")
        found[identifier] = Requirement(section, sentence, when == "later")
    return found


REQUIREMENTS: Mapping[str, Requirement] = read_requirements(TABLE.read_text(encoding="utf-8"))
