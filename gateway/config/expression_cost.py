"""How much a CEL expression may cost, by its text: CEL specification, Macros. Pure.

Only macros repeat anything. Where one stands inside another their lengths multiply, and `map` and
`filter` copy what they gathered at each step. So the cost of a call is at most a power of the
size of what the expression looks at; the power is in the text.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_LITERAL = (
    r'"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\'|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\''
)
_RAW = r'"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'|"[^"]*"|\'[^\']*\''
_TOKEN = re.compile(
    rf"(?P<text>[bB]?[rR](?:{_RAW})|[bB]?(?:{_LITERAL}))|//[^\n]*|\s+"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>.)",
    re.DOTALL,
)
MACROS = frozenset({"all", "exists", "exists_one", "existsOne", "map", "filter"})
_GATHERING = frozenset({"map", "filter"})
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_ROOTS = frozenset({"args", "tool", "caller"})
MAX_POWER = 3
# Of about 0.1 µs each, measured for each kind of macro: what is allowed takes less than 50 ms.
MAX_STEPS = 300_000
_STEPS_TO_CONVERT = 10  # one member from Python's values to the library's
_Token = tuple[str | None, str]
# In steps, what it takes to compile a regular expression, which happens at each of its uses.
_REGEX, _REGEX_OF_CLASSES = 200, 4_000


class TooCostly(ValueError):
    """No bound that would help can be given; the text says what to change."""


@dataclass(frozen=True, slots=True)
class Cost:
    """`factor` steps for each time that the size of the input is multiplied with itself.

    `arguments` are those that the expression looks at, None for all of them.
    """

    power: int
    factor: int
    arguments: frozenset[str] | None

    def is_within_limit(self, members: int, characters: int) -> bool:
        """Whether an input of so many members, with texts of so many characters, may be tried."""
        size = members + characters // 256
        steps: int = _STEPS_TO_CONVERT * members + self.factor * size**self.power
        return steps <= MAX_STEPS


@dataclass(slots=True)
class _Frame:
    """A bracket, and what was seen between it and its end; `macro` is the macro's name."""

    macro: str | None = None
    is_regex: bool = False
    is_chained: bool = False
    mentions: int = 0
    inner: int = 0
    inner_volume: int = 0
    texts: list[str] = field(default_factory=list)
    others: int = 0

    @property
    def power(self) -> int:
        """The power that its cost has."""
        if self.macro is None:
            return self.inner
        copied = 1 + self.result if self.macro in _GATHERING else 0
        return 1 + self.is_chained + max(self.mentions, self.inner, copied)

    @property
    def result(self) -> int:
        """The power of the size of one member that it gathers."""
        return max(self.mentions, self.inner_volume) if self.macro == "map" else 0


def cost_of(text: str) -> Cost:
    """Bound the cost of an expression. Raises `TooCostly`."""
    tokens = [(match.lastgroup, match[0]) for match in _TOKEN.finditer(text) if match.lastgroup]
    outermost = here = _Frame()
    stack: list[_Frame] = []
    macros, weight = 0, 1
    for index, (_, token) in enumerate(tokens):
        if token in _OPENING:
            stack.append(here)
            here = _opened(tokens, index)
            macros += here.macro is not None
        elif token in _CLOSING and stack:
            closed, here = here, stack.pop()
            weight = max(weight, _weight(closed, [*stack, here]))
            _enclose(here, closed)
        else:
            _see(here, tokens, index)
    if outermost.power > MAX_POWER:
        raise TooCostly("its macros are nested too deeply: its cost could not be bounded")
    return Cost(outermost.power, max(macros, 1) * weight, _arguments(tokens))


def _see(frame: _Frame, tokens: Sequence[_Token], index: int) -> None:
    kind, token = tokens[index]
    if kind == "text":
        frame.texts.append(token)
        return
    frame.others += 1
    if token in _ROOTS and not _is_member(tokens, index):
        frame.mentions = 1


def _opened(tokens: Sequence[_Token], index: int) -> _Frame:
    names = [token for _, token in tokens[max(index - 3, 0) : index]]
    if tokens[index][1] != "(" or names[-2:-1] != ["."]:
        return _Frame()
    if names[-1] not in MACROS:
        return _Frame(is_regex=names[-1] == "matches")
    # What another call made can be larger than what it was made of.
    return _Frame(names[-1], is_chained=names[0] == ")")


def _enclose(outer: _Frame, closed: _Frame) -> None:
    """Add what stood in a bracket to what stands around it."""
    outer.inner = max(outer.inner, closed.power)
    if closed.macro is None:
        outer.mentions = max(outer.mentions, closed.mentions)
        outer.inner_volume = max(outer.inner_volume, closed.inner_volume)
    elif closed.macro in _GATHERING:
        outer.inner_volume = max(outer.inner_volume, 1 + closed.result)


def _weight(closed: _Frame, around: list[_Frame]) -> int:
    """How many steps one use of a regular expression counts for."""
    if not closed.is_regex:
        return 1
    if len(closed.texts) != 1 or closed.others:
        raise TooCostly(
            "matches() needs its regular expression as a literal: callers must not choose"
        )
    (pattern,) = closed.texts
    if all(frame.macro is None for frame in around):
        return 1
    if "{" in pattern:
        raise TooCostly("within a macro a regular expression has no counted repetition")
    return _REGEX_OF_CLASSES if "\\" in pattern or "(?" in pattern else _REGEX


def _is_member(tokens: Sequence[_Token], index: int) -> bool:
    return index > 0 and tokens[index - 1][1] == "."


def _arguments(tokens: Sequence[_Token]) -> frozenset[str] | None:
    found: set[str] = set()
    for index, (kind, token) in enumerate(tokens):
        if kind != "name" or token != "args" or _is_member(tokens, index):  # noqa: S105  # a name
            continue
        following = tokens[index + 1 : index + 3]
        if len(following) < 2 or following[0][1] != "." or following[1][0] != "name":  # noqa: PLR2004  # a dot and a name
            return None
        found.add(following[1][1])
    return frozenset(found)


def sizes(values: Iterable[object]) -> tuple[int, int]:
    """How many members there are at every depth, and how many characters their texts have."""
    members = characters = 0
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        members += 1
        if isinstance(value, str):
            characters += len(value)
        elif isinstance(value, dict):
            characters += sum(map(len, value))
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return members, characters
