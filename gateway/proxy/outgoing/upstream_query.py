"""The query of a request to an upstream: the configured parameters, then the caller's. Pure."""

from urllib.parse import unquote_plus

from gateway.http.field_names import fold


class UpstreamQuery:
    """The request target of one upstream; what its URL says in its query, no caller says.

    `path` is the upstream's, with its query.
    """

    def __init__(self, path: str) -> None:
        self._alone = path.encode()
        _, _, query = path.partition("?")
        self._joint = f"{path}&" if query else f"{path}?"
        self._taken = frozenset(map(_name, query.replace(";", "&").split("&"))) - {b""}

    def target(self, sent: str) -> bytes:
        """Path and query for a request with this query."""
        if not sent:
            return self._alone
        if not self._taken:
            return (self._joint + sent).encode()
        kept = [each for each in sent.split("&") if not self._repeats(each)]
        return (self._joint + "&".join(kept)).encode() if kept else self._alone

    def _repeats(self, piece: str) -> bool:
        # Some servers end a parameter at `;` as well.
        return any(_name(each) in self._taken for each in piece.split(";"))


def _name(parameter: str) -> bytes:
    """Map the spellings that some framework reads as one name to one.

    ASP.NET ignores case; PHP reads `a.b` and `a b` as `a_b` and `a[]` as `a`, up to a NUL.
    """
    name = unquote_plus(parameter.partition("=")[0]).partition("[")[0].partition("\0")[0]
    return fold(name.encode(errors="surrogatepass")).strip(b"-")
