"""Where an authorization response may go: RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §2.1."""

import re
from collections.abc import Sequence
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from gateway.oauth.errors import InvalidRedirectUri

MAX_CHARS = 1024
# RFC 8252 §7.3 names the addresses; clients use the name as often.
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/?\[\]@!$&'()+,;=%-]+")  # RFC 3986 without # and *
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{1,63}")
_AUTHORITY = re.compile(r"(?P<host>\[[0-9a-f:]+\]|[A-Za-z0-9.-]+)(?::(?P<port>\d{1,5}))?")
# Private-use schemes belong to an application; these belong to browsers and systems, and run or
# open whatever the URL says.
_OF_BROWSERS = (
    "javascript jscript livescript mocha data vbscript vbs file blob about view-source filesystem"
    " wyciwyg jar resource res chrome edge opera brave moz-extension chrome-extension"
    " safari-web-extension content cid mid feed mhtml"
)
_OF_SYSTEMS = (
    "intent android-app market itms itms-apps itms-services applescript help afp message x-man-page"
    " search search-ms shell hcp mk its cmd powershell onenote ws wss ftp ftps sftp mailto tel sms"
    " callto facetime webcal ssh telnet ldap ldaps smb cifs nfs gopher git irc ircs news nntp rdp"
    " vnc rtsp mms magnet urn ipp jdbc"
)
_NOT_PRIVATE = frozenset(f"{_OF_BROWSERS} {_OF_SYSTEMS}".split())
# Whole families: https://learn.microsoft.com/office/client-developer/office-uri-schemes above all.
_FAMILIES = ("ms-", "microsoft-", "x-apple.", "com.apple.", "chrome-", "edge-", "view-")
_MAX_HOST_CHARS = 253  # RFC 1123 §2.1; of a longer one people would see the beginning only
# RFC 6749 §4.1.2, RFC 9207 §2. Whoever registers them chooses what a client reads first.
_OF_RESPONSES = frozenset({"code", "state", "iss", "error", "error_description", "error_uri"})


def check_redirect_uri(uri: str) -> None:
    """Raise `InvalidRedirectUri` for what no client may register: RFC 7591 §5, RFC 9700 §2.1."""
    if len(uri) > MAX_CHARS or not _CHARACTERS.fullmatch(uri):
        raise _refused("it has characters that it may not have")
    try:
        parts = urlsplit(uri)
    except ValueError:
        raise _refused("it is no URI") from None
    if parts.scheme == "https":
        _check_authority(parts)
    elif parts.scheme == "http":
        _check_authority(parts)
        if _host(parts) not in _LOOPBACK:
            raise _refused("plain http is for localhost, 127.0.0.1 and [::1] only")
    elif not _is_private_use(parts):
        raise _refused("https, http on loopback, or a scheme of the application's own")
    if any(segment in (".", "..") for segment in parts.path.lower().replace("%2e", ".").split("/")):
        raise _refused("it has dot segments")
    if any(name in _OF_RESPONSES for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise _refused("its query holds a parameter that responses have")


def match_redirect_uri(requested: str, registered: Sequence[str]) -> bool:
    """Whether it is one of the registered: the same text, but for the port on loopback.

    RFC 8252 §7.3: native clients listen on whatever port is free.
    """
    if requested in registered:
        return True
    portless = without_loopback_port(requested)
    return portless is not None and any(
        portless == without_loopback_port(each) for each in registered
    )


def is_loopback_redirect(uri: str) -> bool:
    """Whether the response goes to a program on the person's own machine."""
    parts = urlsplit(uri)
    return parts.scheme == "http" and _host(parts) in _LOOPBACK


def redirect_place(uri: str) -> str:
    """The host, or the scheme of an application, to show to people.

    >>> redirect_place("cursor://anysphere.cursor-mcp/oauth/callback")
    'cursor://anysphere.cursor-mcp'
    """
    parts = urlsplit(uri)
    return parts.netloc if parts.scheme in ("http", "https") else f"{parts.scheme}://{parts.netloc}"


def add_to_query(uri: str, parameters: Sequence[tuple[str, str | None]]) -> str:
    """Append parameters, keeping the query that is there: RFC 6749 §4.1.2."""
    # On the text: what is taken apart and put together again may be another URI.
    added = urlencode([(name, value) for name, value in parameters if value is not None])
    place, _, query = uri.partition("?")
    return f"{place}?{query}&{added}" if query else f"{place}?{added}"


def _check_authority(parts: SplitResult) -> None:
    match = _AUTHORITY.fullmatch(parts.netloc)
    # User information above all: `https://good@evil`.
    if match is None or len(match["host"]) > _MAX_HOST_CHARS:
        raise _refused("its host is not one plain host")
    if match["port"] is not None and not 0 < int(match["port"]) < 65536:  # noqa: PLR2004  # 16 bits
        raise _refused("its port is none")


def _is_private_use(parts: SplitResult) -> bool:
    return (
        _SCHEME.fullmatch(parts.scheme) is not None
        and parts.scheme not in _NOT_PRIVATE
        and not parts.scheme.startswith(_FAMILIES)
        and "@" not in parts.netloc
        and (parts.netloc != "" or parts.path.startswith("/"))
    )


def without_loopback_port(uri: str) -> str | None:
    """The text of a loopback URI without its port; None for every other."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    match = _AUTHORITY.fullmatch(parts.netloc)
    if match is None or not uri.startswith("http://") or match["host"] not in _LOOPBACK:
        return None
    if not _CHARACTERS.fullmatch(uri):
        return None
    if match["port"] is not None and not 0 < int(match["port"]) < 65536:  # noqa: PLR2004  # 16 bits
        return None
    start = len("http://")
    return "http://" + match["host"] + uri[start + len(parts.netloc) :]


def _host(parts: SplitResult) -> str:
    match = _AUTHORITY.fullmatch(parts.netloc)
    return "" if match is None else match["host"]


def _refused(why: str) -> InvalidRedirectUri:
    return InvalidRedirectUri(f"A redirect URI cannot be registered: {why}.")
