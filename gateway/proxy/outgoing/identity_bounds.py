"""How much is said of a caller: servers take 8 to 16 KB of headers. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Bounds:
    """`max_bytes` of one value; over it, the members of a list that are `named` by its source.

    `keep_named` False leaves such a value out of headers, and whole in an assertion.
    """

    max_bytes: int = 4096
    keep_named: bool = True
    named: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def named_of(self, source: str, members: Sequence[str]) -> list[str]:
        """The members that count."""
        named = self.named.get(source, frozenset())
        return [each for each in members if each in named]


@dataclass(frozen=True, slots=True)
class Shortened:
    """A header that does not tell all; `members` None for what is no list, `size` in bytes."""

    header: str
    members: int | None
    size: int
