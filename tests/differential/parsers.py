"""Three JSON parsers that share no code: a server behind the gateway may read with any of them."""

import base64
import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from tests.support.node import node_command

REFUSED = object()  # the parser cannot read it, so nothing is executed


@dataclass(frozen=True, slots=True)
class Parsers:
    """All three; Node runs in a process of its own."""

    node: subprocess.Popen[bytes]

    def read(self, body: bytes) -> Mapping[str, object]:
        """What each of them makes of a body, `REFUSED` when it makes nothing of it."""
        return {"json": _json(body), "orjson": _orjson(body), "node": self._node(body)}

    def _node(self, body: bytes) -> object:
        assert self.node.stdin is not None
        assert self.node.stdout is not None
        self.node.stdin.write(base64.b64encode(body) + b"\n")
        self.node.stdin.flush()
        line = self.node.stdout.readline()
        assert line, "Node ended"
        return REFUSED if line == b"refused\n" else json.loads(line)


@contextmanager
def running_parsers() -> Iterator[Parsers]:
    """Start Node and end it."""
    script = Path(__file__).with_name("parse.mjs")
    process = subprocess.Popen(  # noqa: S603  # a program of our own
        [node_command(), str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield Parsers(process)
    finally:
        process.kill()
        process.communicate()


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return REFUSED


def _orjson(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return REFUSED
