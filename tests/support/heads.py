"""Request heads for tests of what decides on one."""

from multidict import CIMultiDict, CIMultiDictProxy

from gateway.http.head import Head


def head(
    method: str = "POST",
    path: str = "/mcp",
    query: str = "",
    authority: str = "mcp.example.com",
    headers: list[tuple[str, str]] | None = None,
) -> Head:
    """Build a head as `read_head` would after its checks."""
    sent = headers or []
    return Head(
        method=method,
        path=path,
        query=query,
        authority=authority,
        headers=CIMultiDictProxy(CIMultiDict(sent)),
        raw_headers=[(name.encode(), value.encode()) for name, value in sent],
        address="192.0.2.1",
    )
