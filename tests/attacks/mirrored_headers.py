"""Headers that disagree with the body they repeat: M9 and M10 (MCP 2026-07-28)."""

from tests.attacks.messages import (
    BATCH_ERA,
    CALL,
    HEADER_MISMATCH,
    INVALID,
    LAST_SESSION_ERA,
    LISTING,
    MIRRORING,
    MessageAttack,
    call,
)

METHOD = "Mcp-Method: tools/call"
NAME = "Mcp-Name: whoami"
META = b'"_meta":{"io.modelcontextprotocol/protocolVersion":"%b"}'
NEW_BODY = call(b'{"name":"whoami",%b}' % (META % b"2026-07-28"))
NOTIFICATION = b'{"jsonrpc":"2.0","method":"notifications/cancelled"}'
OLD_BODY = call(b'{"name":"whoami",%b}' % (META % b"2025-11-25"))


def mismatch(
    requirement: str,
    name: str,
    *headers: str,
    body: bytes = NEW_BODY,
    code: int = HEADER_MISMATCH,
) -> MessageAttack:
    """A call in which these headers are wrong."""
    return MessageAttack(requirement, name, body, headers, code=code)


MIRRORED = [
    mismatch("M9", "no headers", MIRRORING),
    mismatch("M9", "no method", MIRRORING, NAME),
    mismatch("M9", "no name", MIRRORING, METHOD),
    mismatch("M9", "other method", MIRRORING, "Mcp-Method: tools/list", NAME),
    mismatch("M9", "other name", MIRRORING, METHOD, "Mcp-Name: other"),
    mismatch("M9", "name in another case", MIRRORING, METHOD, "Mcp-Name: WhoAmI"),
    mismatch("M9", "method in another case", MIRRORING, "Mcp-Method: Tools/Call", NAME),
    mismatch("M9", "method twice", MIRRORING, METHOD, METHOD, NAME),
    mismatch("M9", "good and bad method", MIRRORING, METHOD, "mcp-method: ping", NAME),
    mismatch("M9", "name twice", MIRRORING, METHOD, NAME, "MCP-NAME: other"),
    mismatch("M9", "list of names", MIRRORING, METHOD, "Mcp-Name: whoami, other"),
    mismatch("M9", "empty name", MIRRORING, METHOD, "Mcp-Name:"),
    mismatch("M9", "sentinel of another name", MIRRORING, METHOD, "Mcp-Name: =?base64?b3RoZXI=?="),
    mismatch("M9", "sentinel without padding", MIRRORING, METHOD, "Mcp-Name: =?base64?d2hvYW1p=?="),
    mismatch("M9", "sentinel, no base64", MIRRORING, METHOD, "Mcp-Name: =?base64?*?="),
    mismatch("M9", "sentinel, not UTF-8", MIRRORING, METHOD, "Mcp-Name: =?base64?/w==?="),
    mismatch("M9", "sentinel in capitals", MIRRORING, METHOD, "Mcp-Name: =?BASE64?d2hvYW1p?="),
    mismatch("M9", "sentinel, not closed", MIRRORING, METHOD, "Mcp-Name: =?base64?d2hvYW1p"),
    mismatch("M9", "empty sentinel", MIRRORING, METHOD, "Mcp-Name: =?base64??="),
    mismatch("M9", "bytes beyond ASCII", MIRRORING, METHOD, "Mcp-Name: whoami\xe9"),
    mismatch(
        "M9",
        "sentinel literal, not encoded",
        MIRRORING,
        METHOD,
        "Mcp-Name: =?base64?d2hvYW1p?=",
        body=call(b'{"name":"=?base64?d2hvYW1p?=",%b}' % (META % b"2026-07-28")),
    ),
    mismatch("M9", "name of a list", MIRRORING, METHOD, body=LISTING),
    mismatch("M9", "method of a notification", MIRRORING, METHOD, body=NOTIFICATION),
    mismatch(
        "M9",
        "method of a notification, twice",
        MIRRORING,
        "Mcp-Method: notifications/cancelled",
        METHOD,
        body=NOTIFICATION,
    ),
]
REVISIONS = [
    mismatch("M10", "old header, new body", LAST_SESSION_ERA, METHOD, NAME),
    mismatch("M10", "oldest header, new body", BATCH_ERA),
    mismatch("M10", "no header, new body"),
    mismatch("M10", "new header, old body", MIRRORING, METHOD, NAME, body=OLD_BODY),
    mismatch("M10", "future header, no mirror", "MCP-Protocol-Version: 2027-01-01", body=CALL),
    mismatch("M10", "two versions", LAST_SESSION_ERA, MIRRORING, body=CALL, code=INVALID),
    mismatch("M10", "no date, no mirror", "MCP-Protocol-Version: latest", body=CALL),
    mismatch("M10", "empty", "MCP-Protocol-Version:", body=CALL, code=INVALID),
    mismatch("M10", "list", f"{MIRRORING}, 2025-11-25", body=CALL, code=INVALID),
]
