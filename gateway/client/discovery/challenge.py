"""Reading the WWW-Authenticate header of an answer: RFC 9110 §11.6.1, RFC 6750 §3. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

_MAX_CHARS = 16 * 1024
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105  # the grammar's word
_GAP = re.compile(r"[\s,]*")
_PARAMETER = re.compile(rf'({_TOKEN})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))(?=[\s,]|$)')
_SCHEME = re.compile(rf"({_TOKEN})(?:[ \t]+[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$)))?")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Challenge:
    """What one scheme asks for; `scheme` and the names of parameters are in lower case."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes to ask for, in the order given."""
        return tuple(self.parameters.get("scope", "").split())


def parse_challenges(values: Sequence[str]) -> Sequence[Challenge]:
    """All challenges of an answer; what cannot be read is passed over.

    A comma separates challenges as well as parameters, and may stand in a quoted string.
    """
    found: list[tuple[str, dict[str, str]]] = []
    for part in _parts(", ".join(values)[:_MAX_CHARS]):
        if isinstance(part, str):
            found.append((part.lower(), {}))
        elif found:
            name, value = part
            found[-1][1].setdefault(name.lower(), value)
    return [Challenge(scheme, parameters) for scheme, parameters in found]


def bearer_challenge_of(values: Sequence[str]) -> Challenge | None:
    """The first challenge that a bearer token answers; None without one."""
    challenges = parse_challenges(values)
    return next((each for each in challenges if each.scheme == "bearer"), None)


def _parts(text: str) -> Iterator[str | tuple[str, str]]:
    position = 0
    while position < len(text):
        gap = _GAP.match(text, position)
        position = gap.end() if gap else position
        if match := _PARAMETER.match(text, position):
            name, quoted, plain = match.groups()
            yield name, plain if quoted is None else _ESCAPED.sub(r"\1", quoted)
        elif match := _SCHEME.match(text, position):
            yield match[1]
        position = match.end() if match else position + 1
