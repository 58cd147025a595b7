"""Builds `docs/headers.md` from the reviewed table."""

from collections.abc import Iterable

from gateway.http.header_table import FROM_REQUESTS, FROM_RESPONSES, Row

_INTRODUCTION = """\
# Headers that cross the gateway

What is in no table passes as it is. Names are compared in every spelling that some server reads
alike (`X_User.Id` is `X-User-Id`); `*` stands for any end. What a `Connection` header names ends
here too, and one that names a field of the first table is refused.

This page is made by `python -m gateway.http.header_page`; a test compares.
"""
_REQUESTS = """\
## From the caller, not to the upstream

Besides these: the names of your `forward.identity_headers` and of the upstream's credential, and
`Origin` unless `upstream.forward_origin` is set. An identity header may have a name of this table:
then only the gateway's line arrives.
"""
_RESPONSES = """\
## From the upstream, not to the client

`Cache-Control` passes when it says `private` or `no-store` and nothing that opens it to shared
caches; everything else becomes `no-store`, since the answer depends on who asks (RFC 9111 §3.5).
`X-Content-Type-Options: nosniff` is in every answer. A `Content-Encoding` that says `identity` or
`none` is left out.

A body is JSON or an event stream; an error's may be `application/problem+json` or plain text too.
Anything else is 502, and with 202 or as the answer to a DELETE it is left out: nothing of an
upstream is a page on the gateway's origin.
"""


def header_page() -> str:
    """The page as Markdown."""
    parts = [_INTRODUCTION, _REQUESTS, _table(FROM_REQUESTS), _RESPONSES, _table(FROM_RESPONSES)]
    return "\n".join(parts)


def _table(rows: Iterable[Row]) -> str:
    lines = [f"| {_names(row)} | {row.reason} |" for row in rows]
    return "\n".join(["| fields | why |", "|---|---|", *lines, ""])


def _names(row: Row) -> str:
    return ", ".join(f"`{name.title().replace('Dpop', 'DPoP')}`" for name in row.names)


if __name__ == "__main__":
    print(header_page(), end="")  # noqa: T201  # the page goes into a file
