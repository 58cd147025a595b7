"""What the URI of a resource may be read as: RFC 3986 §6.2.2, and what servers do beyond. Pure.

Escapes are undone as every reader of a path undoes them, so that two spellings of one resource
are one text here. What would lead readers to different resources has no such text.
"""

import re
from dataclasses import dataclass

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_PARTS = re.compile(r"(?://([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+|%")
# Blanks, control characters and what some take for a slash.
_HIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f\\\u2028\u2029]")
# Encoded they are text to one reader, and to one that decodes first they end a part.
_DELIMITERS = re.compile(r"[/\\?#%\x00-\x1f\x7f-\x9f\u2028\u2029]")
_OF_QUERIES = re.compile(r"[&=+;]")  # encoded they are another thing there: RFC 3986 §2.2
_DEFAULT_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443", "ftp": "21"}
_EXPRESSION = re.compile(r"\{([?&#;/.+]?)[^{}]*\}")
_SIGNS = re.compile(r"[*?]")


class Ambiguous(ValueError):
    """Readers would not agree on the resource."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One text that a URI may be read as. `whole` is the longest of them.

    A server must be allowed every reading; one that is not `sure` counts only where a rule
    names it.
    """

    text: str
    whole: str
    sure: bool = True


def parse_uri(uri: str) -> tuple[Reading, ...]:
    """Every reading, the whole one first. Raises `Ambiguous`.

    A server may overlook a fragment, a query, and a slash at the end.
    """
    if _HIDDEN.search(uri):
        raise Ambiguous("a blank or a control character")
    head, path, query, fragment = _normal(uri)
    whole = f"{head}{path}{query}{fragment}"
    texts = dict.fromkeys((whole, f"{head}{path}{query}", f"{head}{path}"))
    readings = [Reading(text, whole) for text in texts]
    if path.endswith("/") and path != "/":
        readings.append(Reading(f"{head}{path[:-1]}", whole, sure=False))
    return tuple(readings)


def parse_pattern(pattern: str) -> list[str]:
    """The globs that a rule's glob of URIs means among normal forms.

    One that ends with a slash means the same without it.
    """
    try:
        head, path, query, fragment = _normal(pattern, is_glob=True)
    except Ambiguous:
        return [pattern]  # it fits nothing, or is a word that stands for itself
    found = [f"{head}{path}{query}{fragment}"]
    if path.endswith("/") and path != "/" and not (query or fragment or _SIGNS.search(pattern)):
        found.append(f"{head}{path[:-1]}")
    return found


def names_query(pattern: str) -> bool:
    """Whether a glob itself speaks of what stands behind the path."""
    return "?" in pattern or "#" in pattern


def parse_template(template: str) -> str:
    """The text of a URI template that rules are asked about: `{}` for what is filled in.

    RFC 6570: what expands to a query, a fragment or parameters of a path is left out.
    """
    kept = {"": "{}", "+": "{}", "/": "/{}", ".": ".{}"}
    return _EXPRESSION.sub(lambda match: kept.get(match[1], ""), template)


def _normal(uri: str, *, is_glob: bool = False) -> tuple[str, str, str, str]:
    """Scheme with authority, path, query and fragment, each as it is compared."""
    named = _SCHEME.match(uri)
    scheme = named[1].lower() if named else ""
    rest = uri[named.end() :] if named else uri
    is_file = scheme == "file"
    if is_file and is_glob:  # it has no query, so that a `?` is a sign of the glob
        parts = re.fullmatch(r"(?://([^/]*))?(.*)()()", rest, re.DOTALL)
    else:
        parts = _PARTS.fullmatch(rest)
    assert parts is not None  # noqa: S101  # they match every text
    authority, path, query, fragment = parts.groups()
    path = _decoded(path, is_glob=is_glob)
    if not named and _SCHEME.match(path):
        raise Ambiguous("a scheme that is encoded")
    query = _decoded(query or "", _OF_QUERIES, is_glob=is_glob)
    fragment = _decoded(fragment or "", is_glob=is_glob)
    if not is_glob:
        _check(scheme, path, query, fragment)
    host = _authority(scheme, authority, is_glob=is_glob)
    if scheme in _DEFAULT_PORTS and not path and not (is_glob and (query or host.endswith("*"))):
        path = "/"
    return (f"{scheme}:" if named else "") + host, path, query, fragment


def _check(scheme: str, path: str, query: str, fragment: str) -> None:
    # RFC 8089 §2: a file has neither; whoever opens it drops them.
    if query == "?" or fragment == "#" or (scheme == "file" and (query or fragment)):
        raise Ambiguous("a query or a fragment that says nothing")
    segments = path.removeprefix("/").split("/")
    inside = [*segments, *query.split("/")]
    if any(each in (".", "..") for each in inside) or "" in segments[:-1]:
        raise Ambiguous("a segment that leads elsewhere")
    if scheme in _DEFAULT_PORTS and ";" in path:
        raise Ambiguous("parameters of a path")
    if scheme == "file" and not path.startswith("/"):
        raise Ambiguous("a file without a place")


def _authority(scheme: str, authority: str | None, *, is_glob: bool) -> str:
    """With its slashes; nothing where a URI has none."""
    if scheme == "file" and (authority or "").lower() in ("", "localhost"):
        return "//"
    if authority is None:
        return ""
    user, at, host = _decoded(authority, is_glob=is_glob).rpartition("@")
    host = host.lower()
    if scheme in _DEFAULT_PORTS:
        host = host.removesuffix(f":{_DEFAULT_PORTS[scheme]}").removesuffix(":")
        if at or not host.isascii() or host.endswith("."):
            raise Ambiguous("a host that has other spellings")
    return f"//{user}{at}{host}"


def _decoded(text: str, kept: re.Pattern[str] | None = None, *, is_glob: bool = False) -> str:
    if "%" not in text:
        return text
    return _ESCAPES.sub(lambda match: _decode(match[0], kept, is_glob=is_glob), text)


def _decode(escapes: str, kept: re.Pattern[str] | None, *, is_glob: bool) -> str:
    try:
        plain = bytes.fromhex(escapes.replace("%", "")).decode() if escapes != "%" else "%"
    except UnicodeDecodeError as error:
        raise Ambiguous("an escape that is no UTF-8") from error
    if _DELIMITERS.search(plain):
        raise Ambiguous("an escape that hides a delimiter")
    if kept is not None:
        plain = kept.sub(lambda match: f"%{ord(match[0]):02X}", plain)
    # In a glob an encoded star is a star, not a sign.
    return _SIGNS.sub(r"[\g<0>]", plain) if is_glob else plain
