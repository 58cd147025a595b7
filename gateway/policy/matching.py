"""Whether an argument is as a rule says: declarative matchers. Pure."""

import re
from collections.abc import Callable, Mapping

from gateway.config.rule import Matcher, Range
from gateway.glob import compile_globs
from gateway.mcp.arguments import Arguments

_Test = Callable[[object], bool]
_SEPARATOR = re.compile(r"[/\\]|%2f|%5c")
_MISSING = object()


def compile_arguments(matchers: Mapping[str, Matcher]) -> Callable[[Arguments], bool]:
    """Build the test of a rule's `arguments`: all must be as their matcher says.

    A dot in a key leads into an object; a key that stands there as it is comes first.
    """
    tests = [(name, tuple(name.split(".")), _compile(each)) for name, each in matchers.items()]

    def match(arguments: Arguments) -> bool:
        return all(test(_find(arguments, name, path)) for name, path, test in tests)

    return match


def _find(arguments: Arguments, name: str, path: tuple[str, ...]) -> object:
    if name in arguments:
        return arguments[name]
    found: object = arguments
    for part in path:
        if not isinstance(found, Mapping) or part not in found:
            return _MISSING
        found = found[part]
    return found


def _compile(matcher: Matcher) -> _Test:
    (key,) = matcher.model_fields_set
    if key == "absent":
        return lambda value: (value is _MISSING) is matcher.absent
    if matcher.one_of is not None:
        wanted = matcher.one_of
        return lambda value: any(_is_same(value, each) for each in wanted)
    if matcher.glob is not None:
        fits = compile_globs([matcher.glob])
        # `/data/*` is not meant to let `/data/../etc` through.
        return lambda value: isinstance(value, str) and fits(value) and not _leads_away(value)
    if matcher.range is not None:
        return _in_range(matcher.range)
    return lambda value: _is_same(value, matcher.equals)


def _in_range(limits: Range) -> _Test:
    low = float("-inf") if limits.min is None else limits.min
    high = float("inf") if limits.max is None else limits.max

    def is_within(value: object) -> bool:
        # JSON true is an int to Python.
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and low <= value <= high  # type: ignore[operator]  # checked above

    return is_within


def _is_same(value: object, wanted: object) -> bool:
    """Compare JSON values; to Python `true` is 1, and so is `[true] == [1]`."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, dict) and isinstance(wanted, dict):
        return value.keys() == wanted.keys() and all(
            _is_same(value[key], each) for key, each in wanted.items()
        )
    if isinstance(value, list) and isinstance(wanted, list):
        return len(value) == len(wanted) and all(map(_is_same, value, wanted))
    return value == wanted


def _leads_away(value: str) -> bool:
    plain = value.lower().replace("%2e", ".")
    return ".." in plain and ".." in _SEPARATOR.split(plain)
