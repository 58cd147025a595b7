"""Credentials in the wrong place, or twice: H7, H11 and requirements 12, 13, 70, 76."""

from dataclasses import dataclass

TWICE = (400,)
MISSING = (401,)
UNUSABLE = "invalid_token"
FORM = "Content-Type: application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class CredentialAttack:
    """`{token}` is a good token: what is refused is the way it comes.

    `error` is what the challenge of a 401 says.
    """

    requirement: str
    name: str
    headers: tuple[str, ...] = ()
    query: str = ""
    statuses: tuple[int, ...] = TWICE
    error: str | None = None


BEARER = "Authorization: Bearer {token}"
CREDENTIALS = [
    CredentialAttack("H7", "twice", (BEARER, BEARER)),
    CredentialAttack("H7", "good and bad", (BEARER, "Authorization: Bearer x")),
    CredentialAttack("H7", "bad and good", ("Authorization: Bearer x", BEARER)),
    CredentialAttack("H7", "basic and bearer", ("authorization: Basic YTpi", BEARER)),
    CredentialAttack("H7", "comma-joined", ("Authorization: Bearer {token}, Bearer {token}",)),
    CredentialAttack("H7", "comma-joined schemes", ("Authorization: Basic YTpi, Bearer {token}",)),
    CredentialAttack("H7", "header and query", (BEARER,), "access_token={token}"),
    CredentialAttack("H7", "header and empty query", (BEARER,), "access_token="),
    CredentialAttack("13", "query alone", (), "access_token={token}"),
    CredentialAttack("13", "query, last of several", (), "a=1&access_token={token}"),
    CredentialAttack("13", "query after a semicolon", (), "a=1;access_token={token}"),
    CredentialAttack("13", "query, encoded name", (), "access%5Ftoken={token}"),
    CredentialAttack("13", "query, wholly encoded", (), "%61ccess_token={token}"),
    CredentialAttack("13", "query, capitals", (), "Access_Token={token}"),
    CredentialAttack("76", "no token", ("Authorization: Bearer",), statuses=MISSING),
    CredentialAttack("76", "spaces for a token", ("Authorization: Bearer   ",), statuses=MISSING),
    CredentialAttack("76", "two tokens", ("Authorization: Bearer {token} {token}",)),
    CredentialAttack("76", "tab", ("Authorization: Bearer\t{token}",), "", MISSING, UNUSABLE),
    CredentialAttack("76", "quoted", ('Authorization: Bearer "{token}"',), "", MISSING, UNUSABLE),
    CredentialAttack(
        "76", "parameter", ("Authorization: Bearer token={token}",), "", MISSING, UNUSABLE
    ),
    CredentialAttack("76", "colon", ("Authorization: Bearer:{token}",), "", MISSING, UNUSABLE),
    CredentialAttack(
        "76", "beyond ASCII", ("Authorization: Bearer {token}\xe9",), "", MISSING, UNUSABLE
    ),
    CredentialAttack(
        "76", "17 KiB", ("Authorization: Bearer " + "a" * 17 * 1024,), "", MISSING, UNUSABLE
    ),
    CredentialAttack(
        "76", "variable", ("Authorization: Bearer ${MCP_TOKEN}",), "", MISSING, UNUSABLE
    ),
    CredentialAttack("76", "braces", ("Authorization: ${MCP_TOKEN}",), "", MISSING, UNUSABLE),
    CredentialAttack(
        "76", "scheme twice", ("Authorization: Bearer Bearer {token}",), "", MISSING, UNUSABLE
    ),
    CredentialAttack(
        "76", "scheme in quotes", ('Authorization: "Bearer {token}"',), "", MISSING, UNUSABLE
    ),
    CredentialAttack("12", "none", (), statuses=MISSING),
    CredentialAttack("12", "other scheme", ("Authorization: Basic {token}",), statuses=MISSING),
    CredentialAttack("12", "proxy's", ("Proxy-Authorization: Bearer {token}",), statuses=MISSING),
    CredentialAttack("12", "cookie", ("Cookie: access_token={token}",), statuses=MISSING),
    CredentialAttack("12", "underscore", ("X_Authorization: Bearer {token}",), statuses=MISSING),
    CredentialAttack("12", "second name", ("X-Authorization: Bearer {token}",), statuses=MISSING),
    CredentialAttack("12", "session id", ("Mcp-Session-Id: {token}",), statuses=MISSING),
    CredentialAttack("12", "identity header", ("X-User-Id: ada",), statuses=MISSING),
    CredentialAttack("70", "form", (FORM,), "", MISSING),
    CredentialAttack("I12", "health checker", ("User-Agent: kube-probe/1.33",), statuses=MISSING),
    CredentialAttack("I12", "load balancer", ("User-Agent: GoogleHC/1.0",), statuses=MISSING),
]
EXPECTATIONS = [
    CredentialAttack("H11", "no token", ("Expect: 100-continue",), statuses=MISSING),
    CredentialAttack(
        "H11", "bad token", ("Expect: 100-continue", "Authorization: Bearer x"), statuses=MISSING
    ),
    CredentialAttack("H11", "too large", ("Expect: 100-continue", BEARER), statuses=(413,)),
    CredentialAttack("172", "unknown", ("Expect: 200-ok", BEARER), statuses=(417,)),
    CredentialAttack("172", "list", ("Expect: 100-continue, x", BEARER), statuses=(417,)),
    CredentialAttack(
        "172", "second header", ("Expect: 100-continue", "Expect: x", BEARER), statuses=(417,)
    ),
]
