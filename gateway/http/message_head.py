"""Heads of HTTP messages, requests and responses alike: RFC 9110 §5, RFC 9112 §2. Pure.

Every head that the gateway writes is put together by `build_head`, whoever asks for it, and no
bytes can make a line in it that nobody meant (CWE-113).
"""

import re
from collections.abc import Container, Iterable, Sequence
from functools import lru_cache
from typing import NewType

Field = tuple[bytes, bytes]
# Whole field lines that `field_lines` has looked at; for what is the same in many heads.
Lines = NewType("Lines", bytes)

NO_LINES = Lines(b"")
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2
_TARGET = re.compile(rb"/[!-~]*")  # RFC 9112 §3.2.1; what is not ASCII is percent-encoded
_CRLF = b"\r\n"
_WITHOUT_CODING = frozenset({b"", b"identity", b"none"})
_REMEMBERED_NAMES = 1024
# RFC 9110 §5.5: visible characters, obs-text, blanks; every other control character is refused.
_TEXT = b"\t" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))


class UnfitHead(ValueError):
    """A name that is no token, or a value that no field can have. Never tells the value."""


@lru_cache(maxsize=1024)  # 0.1 µs a name against 0.5; others choose the names, hence the bound
def is_token(name: bytes) -> bool:
    """True for a valid field name or method."""
    return _TOKEN.fullmatch(name) is not None


def is_field_text(value: bytes) -> bool:
    """True for what a field's value may hold: nothing that ends a line, no control character."""
    return not value.translate(None, _TEXT)


def is_origin_form(target: bytes) -> bool:
    """True for a request target that is a path, with or without a query."""
    return _TARGET.fullmatch(target) is not None


def values_of(fields: Iterable[Field], name: bytes) -> list[bytes]:
    """The values of every field of a name, which is in lower case here."""
    return [value for spelled, value in fields if spelled.lower() == name]


def without(fields: Iterable[Field], names: Container[bytes]) -> list[Field]:
    """The fields but for those of some names, which are in lower case here."""
    return [field for field in fields if field[0].lower() not in names]


def field_lines(fields: Iterable[Field]) -> Lines:
    """Make field lines once for many heads. Raises `UnfitHead`."""
    lines = [_field_line(name, value) for name, value in fields]
    return Lines(b"".join(lines))


def join_lines(lines: Iterable[Lines]) -> Lines:
    """Put lines after one another."""
    return Lines(b"".join(lines))


def request_line(method: bytes, target: bytes) -> bytes:
    """The first line of a request, without its end. Raises `UnfitHead`."""
    if not is_token(method) or not is_origin_form(target):
        raise UnfitHead("the request line is malformed")
    return b"%b %b HTTP/1.1" % (method, target)


class _Beginnings(dict[bytes, bytes]):
    """How a field line begins, by its name: a look-up instead of two pieces and a check.

    Half a microsecond a head. Others choose the names, so there is a bound.
    """

    def __missing__(self, name: bytes) -> bytes:
        if not is_token(name):
            raise UnfitHead("a field name is no token")
        if len(self) >= _REMEMBERED_NAMES:
            self.clear()
        beginning = self[name] = name + b": "
        return beginning


_beginnings = _Beginnings()


def build_head(start: bytes, fields: Sequence[Field], ready: Sequence[Lines] = ()) -> bytes:
    """Put a head together: its first line, `fields`, lines that are `ready`, the empty line.

    Raises `UnfitHead`.
    """
    return begin_head(start, fields, ready) + _CRLF


def end_head(opening: Lines, fields: Sequence[Field], ready: Lines = NO_LINES) -> bytes:
    """Add what one message has of its own to what many begin with. Raises `UnfitHead`."""
    tail = b"".join([_beginnings[name] + value + _CRLF for name, value in fields])
    if tail.translate(None, _TEXT) != _CRLF * len(fields):
        raise UnfitHead("a field value holds a control character")
    return b"".join([opening, tail, ready, _CRLF])


def begin_head(start: bytes, fields: Sequence[Field], ready: Sequence[Lines] = ()) -> Lines:
    """Put a head together but for its end, so that many messages may begin with it.

    Raises `UnfitHead`.
    """
    pieces = [start, _CRLF]
    for name, value in fields:
        pieces += (_beginnings[name], value, _CRLF)
    line_ends = 1 + len(fields)
    for lines in ready:
        pieces.append(lines)
        line_ends += lines.count(b"\n")
    head = b"".join(pieces)
    # One look at the whole is cheaper than one at each value (3 µs for 1 KB): what is no text
    # must be the line ends that were put there.
    if head.translate(None, _TEXT) != _CRLF * line_ends:
        raise UnfitHead("a field value holds a control character")
    return Lines(head)


def applied_codings(values: Iterable[bytes]) -> list[bytes]:
    """The content codings that have changed a body, in their order, in lower case.

    `identity` changes nothing (RFC 9110 §8.4.1), nor does `none`, which some servers say.
    """
    names = [name.strip().lower() for value in values for name in value.split(b",")]
    return [name for name in names if name not in _WITHOUT_CODING]


def _field_line(name: bytes, value: bytes) -> bytes:
    if not is_token(name):
        raise UnfitHead("a field name is no token")
    if not is_field_text(value):
        raise UnfitHead(f"the value of {name.decode('ascii')} holds a control character")
    return b"%b: %b\r\n" % (name, value)
