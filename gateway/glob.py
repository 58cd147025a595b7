"""Patterns of names, matched in time that grows with the text, whatever both of them are.

`*` stands for any text and `?` for one character; `[*]` and `[?]` are the signs themselves.
"""

import re
from collections.abc import Callable, Iterable, Sequence

Matches = Callable[[str], bool]
# How far a part with a `?` in it is compared at each place of the text where it may stand.
MAX_UNSURE_CHARS = 32
_SIGN = re.compile(r"\[([*?])\]|[*?]")


def compile_globs(patterns: Sequence[str]) -> Matches:
    """Build the test of one list of globs.

    Case counts, and nothing else is special: a tool's name is not a path.
    """
    parsed = [_parse(each) for each in patterns]
    exact = frozenset(parts[0] for parts in parsed if len(parts) == 1 and None not in parts[0])
    wild = [parts for parts in parsed if len(parts) > 1 or None in parts[0]]
    if any(not any(parts) for parts in wild):
        return lambda name: True
    names = frozenset("".join(map(str, each)) for each in exact)
    tests = [_test(parts) for parts in wild]
    if not tests:
        return names.__contains__
    return lambda name: name in names or any(test(name) for test in tests)


def compile_stars(patterns: Iterable[str]) -> Matches:
    """The same for patterns in which nothing but `*` is special, as in those of claims."""
    tests = [_test([tuple(part) for part in each.split("*")]) for each in patterns]
    return lambda text: any(test(text) for test in tests)


def check_glob(pattern: str) -> str:
    """Accept what can be searched for quickly. Raises ValueError."""
    # Only what stands between two `*` is searched for; the ends stand where they stand.
    for part in _parse(pattern)[1:-1]:
        if None in part and len(part) > MAX_UNSURE_CHARS:
            raise ValueError(
                f"between two * there are at most {MAX_UNSURE_CHARS} characters with a ? among them"
            )
    return pattern


def escape_glob(name: str) -> str:
    """The glob that means this name and no other."""
    return re.sub(r"[*?]", r"[\g<0>]", name)


# The characters between two `*`; None for a `?`.
_Part = tuple[str | None, ...]


def _parse(pattern: str) -> list[_Part]:
    parts: list[list[str | None]] = [[]]
    position = 0
    for sign in _SIGN.finditer(pattern):
        parts[-1] += pattern[position : sign.start()]
        position = sign.end()
        if sign[0] == "*":
            parts.append([])
        else:
            parts[-1].append(sign[1])  # None for a `?`
    parts[-1] += pattern[position:]
    return [tuple(part) for part in parts]


def _test(parts: Sequence[_Part]) -> Matches:
    """Find the parts one behind the other, each at the first place it can stand.

    A later place would leave less text for the rest, so that no choice is ever taken back.
    """
    if len(parts) == 1:
        return _at_start(parts[0], whole=True)
    begins, ends = _at_start(parts[0]), _at_end(parts[-1])
    between = [_finder(part) for part in parts[1:-1] if part]
    start, stop = len(parts[0]), len(parts[-1])

    def matches(text: str) -> bool:
        last = len(text) - stop
        if last < start or not begins(text) or not ends(text):
            return False
        position = start
        for find in between:
            position = find(text, position, last)
            if position < 0:
                return False
        return True

    return matches


def _at_start(part: _Part, *, whole: bool = False) -> Matches:
    if None in part:
        expression = _expression(part)
        if whole:
            return lambda text: expression.fullmatch(text) is not None
        return lambda text: expression.match(text) is not None
    literal = _text(part)
    return literal.__eq__ if whole else lambda text: text.startswith(literal)


def _at_end(part: _Part) -> Matches:
    if None in part:
        expression, length = _expression(part), len(part)
        return lambda text: expression.match(text, len(text) - length) is not None
    literal = _text(part)
    return lambda text: text.endswith(literal)


def _finder(part: _Part) -> Callable[[str, int, int], int]:
    """Where the part ends that is found first between two places; -1 when it is not there."""
    length = len(part)
    if None in part:
        expression = _expression(part)

        def search(text: str, start: int, stop: int) -> int:
            found = expression.search(text, start, stop)
            return -1 if found is None else found.end()

        return search
    literal = _text(part)

    def find(text: str, start: int, stop: int) -> int:
        at = text.find(literal, start, stop)
        return -1 if at < 0 else at + length

    return find


def _expression(part: _Part) -> re.Pattern[str]:
    # No repetition in it: at each place it is compared once, and never goes back.
    return re.compile("".join("." if each is None else re.escape(each) for each in part), re.DOTALL)


def _text(part: _Part) -> str:
    return "".join(each for each in part if each is not None)
