"""Answers a plain probe without an HTTP server, so that a start need not wait for one. Pure."""

import json
from collections.abc import Collection

from gateway.app.admin.host import is_answered_for
from gateway.errors import GatewayError
from gateway.http.head import ParsedHead
from gateway.http.reply import NO_STORE, Reply, reply_bytes
from gateway.http.request_parser import END, parse_head
from gateway.observability.health import ALIVE, Readiness, readiness_document

_LIVENESS = "/livez"
_READINESS = frozenset({"/readyz", "/healthz"})
_JSON = (b"Content-Type", b"application/json; charset=utf-8")
# Whoever sends one of these wants more than a probe does.
_NOT_PLAIN = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})


def answer_probe(received: bytes, readiness: Readiness, names: Collection[str]) -> bytes | None:
    """The answer to exactly one GET of a probe's path under one of the `names`; it ends there.

    None for everything else, whatever it is: the application answers that.
    """
    if not received.endswith(END) or received.count(END) != 1:
        return None
    try:
        head = parse_head(received, "")
    except GatewayError:
        return None
    if head.method != "GET" or not _is_plain(head, names):
        return None
    if head.target == _LIVENESS:
        return _answer(200, ALIVE)
    if head.target in _READINESS:
        document = readiness_document(readiness)
        return _answer(200 if document["ready"] else 503, document)
    return None


def _is_plain(head: ParsedHead, names: Collection[str]) -> bool:
    fields = [(name.lower(), value) for name, value in head.raw_headers]
    hosts = [value.decode("latin-1") for name, value in fields if name == b"host"]
    return (
        len(hosts) == 1
        and is_answered_for(hosts[0], names)
        and _NOT_PLAIN.isdisjoint(name for name, _ in fields)
    )


def _answer(status: int, document: object) -> bytes:
    reply = Reply(status, [_JSON, NO_STORE], json.dumps(document).encode())
    return reply_bytes(reply, keep_alive=False)
