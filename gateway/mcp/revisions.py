"""The protocol revisions and what differs between them on the wire (MCP, Versioning)."""

KNOWN: tuple[str, ...] = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")

_BATCHES = frozenset({None, "2024-11-05", "2025-03-26"})
# With the one before the first: some SDKs still agree on it.
_WITHOUT_MIRRORS = frozenset({None, "2024-10-07", *KNOWN[: KNOWN.index("2026-07-28")]})


def has_batches(revision: str | None) -> bool:
    """Tell whether a body may be a JSON array; 2025-06-18 removed that.

    None, no header, stands for 2025-03-26 (MCP 2025-11-25, Protocol Version Header).
    """
    return revision in _BATCHES


def mirrors_headers(revision: str | None) -> bool:
    """Tell whether headers repeat the body and must agree with it.

    A revision that nobody knows counts as the newest, however it is written: one that were let
    off would be a way around the comparison.
    """
    return revision not in _WITHOUT_MIRRORS
