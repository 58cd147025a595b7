"""Ways to be somebody else: identity headers of the caller's own, and claims that break out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

NAMES = (
    "X-User-Id",
    "X-User-Email",
    "X-User-Name",
    "X-User-Groups",
    "X-User-Roles",
    "X-User-Scopes",
    "X-User-Issuer",
    "X-Client-Id",
)

# I1 to I4: how a caller may spell a name that some server takes for the gateway's own.
SPELLINGS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "I1 exact": str,
        "I2 lower": str.lower,
        "I2 upper": str.upper,
        "I2 mixed": str.swapcase,
        "I3 underscores": lambda name: name.replace("-", "_"),
        "I3 one underscore": lambda name: "_".join(name.rsplit("-", 1)),
        "I3 dots": lambda name: name.lower().replace("-", "."),
        "I3 tildes": lambda name: name.replace("-", "~"),
        "I3 CGI": lambda name: name.upper().replace("-", "_"),
    }
)

# I5: what must not be merged into the head when it comes behind a chunked body.
TRAILERS = (
    *NAMES,
    "X_User_Id",
    "Authorization",
    "Host",
    "Content-Length",
    "Transfer-Encoding",
    "Connection",
    "Mcp-Session-Id",
    "Content-Type",
    "Cookie",
)

# I6 and H9: fields that `Connection` must not take away.
NOMINATIONS = (
    *NAMES,
    "close, X-User-Id",
    "X-User-Id, close",
    "keep-alive,\tx-user-id",
    "X_User_Id",
    "x.user.id",
    "Authorization",
    "Host",
    "Content-Type",
    "Content-Length",
    "Accept",
    "Origin",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "Mcp-Session-Id",
    "MCP-Protocol-Version",
    "Mcp-Method",
    "Last-Event-ID",
    "Traceparent",
    "X-User-Id: root",
)

# I7: lines that one reader takes for an identity header and another one does not.
MALFORMED = {
    "space before the colon": "X-User-Id : root",
    "tab before the colon": "X-User-Id\t: root",
    "space in front": " X-User-Id: root",
    "folded value": "X-A: b\r\n X-User-Id: root",
    "folded with a tab": "X-A: b\r\n\tX-User-Id: root",
    "NUL in the name": "X-User-Id\0: root",
    "vertical tab": "X-User-Id\x0b: root",
    "bare CR": "X-A: b\rX-User-Id: root",
    "NUL in the value": "X-A: b\0X-User-Id: root",
    "no colon": "X-User-Id root",
    "beyond ASCII": "X-User-Id\xa0: root",
}


@dataclass(frozen=True, slots=True)
class HostileClaim:
    """Claims of a good token, and the header that tells them without loss."""

    name: str
    claims: Mapping[str, object]
    header: str
    value: str


CLAIMS = [
    HostileClaim("line break", {"sub": "a\r\nX: root"}, "X-User-Id", "a%0D%0AX: root"),
    HostileClaim("line feed", {"sub": "a\nb"}, "X-User-Id", "a%0Ab"),
    HostileClaim("NUL", {"sub": "a\0b"}, "X-User-Id", "a%00b"),
    HostileClaim("delete", {"sub": "a\x7fb"}, "X-User-Id", "a%7Fb"),
    HostileClaim("Latin-1", {"sub": "na\xefve"}, "X-User-Id", "na%C3%AFve"),
    HostileClaim("line separator", {"sub": "a\u2028b"}, "X-User-Id", "a%E2%80%A8b"),
    HostileClaim("percent", {"sub": "100%25"}, "X-User-Id", "100%2525"),
    HostileClaim("spaces outside", {"sub": " a b "}, "X-User-Id", "%20a b%20"),
    HostileClaim("tab", {"sub": "\ta"}, "X-User-Id", "%09a"),
    HostileClaim("comma", {"sub": "ada,root"}, "X-User-Id", "ada,root"),
    HostileClaim("two members", {"groups": ["a,b", "c"]}, "X-User-Groups", "a%2Cb,c"),
    HostileClaim("break in a member", {"groups": ["a\r\nb"]}, "X-User-Groups", "a%0D%0Ab"),
    HostileClaim("role with a comma", {"roles": ["user,admin"]}, "X-User-Roles", "user%2Cadmin"),
    HostileClaim("4 KB", {"name": "a" * 4096}, "X-User-Name", "a" * 4096),
    HostileClaim("mail", {"email": "a@b\r\nX: root"}, "X-User-Email", "a@b%0D%0AX: root"),
    HostileClaim("client", {"client_id": "c\r\n\r\nGET /"}, "X-Client-Id", "c%0D%0A%0D%0AGET /"),
]  # fmt: skip
