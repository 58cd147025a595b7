"""Coverage-guided search for answers of a server that show a caller what the rules hide.

`make fuzz`, or `python -m tests.fuzz.answers -max_total_time=600`; libFuzzer's options.
"""

import json
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["gateway"]):
    from gateway.errors import UpstreamInvalid
    from gateway.mcp.listing import EVERY_LIST, Entry, filter_lists
    from gateway.proxy.answers.answer_rewriter import AnswerRewriter

HIDDEN = "wipe"
_ANSWER = b'{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a"},{"name":"wipe"}],"ttlMs":5}}'
SEEDS = [
    _ANSWER,
    b"[%b]" % _ANSWER,
    b"event: message\ndata: %b\n\n" % _ANSWER,
    b"data:  %b\n\n" % _ANSWER,
    b"\xef\xbb\xbf: c\r\ndata: %b\r\r" % _ANSWER.replace(b',"id"', b'\r\ndata:,"id"'),
]


def listed_names(text: bytes) -> set[str]:
    """What a client reads of a response: the tools that it may show."""
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return set()
    names = set()
    for message in read if isinstance(read, list) else [read]:
        result = message.get("result") if isinstance(message, dict) else None
        tools = result.get("tools") if isinstance(result, dict) else None
        for tool in tools if isinstance(tools, list) else []:
            if isinstance(tool, dict) and "method" not in message:
                names.add(str(tool.get("name")))
    return names


def events_of(stream: bytes) -> list[bytes]:
    """A client's own reading of an event stream: WHATWG HTML §9.2.6, by lines."""
    text = stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    blocks = text.split(b"\n\n")[:-1]
    return [
        b"\n".join(line[5:].removeprefix(b" ") for line in block.split(b"\n") if _is_data(line))
        for block in blocks
    ]


def _is_data(line: bytes) -> bool:
    return line.startswith(b"data:")


def keep(listed: str, entry: Entry) -> bool:
    return entry.get("name") != HIDDEN


def rewriter() -> AnswerRewriter:
    """What the gateway puts an answer through."""
    return AnswerRewriter([lambda text: filter_lists(text, sorted(EVERY_LIST), keep, 1000)])


def check(data: bytes) -> None:
    """Filter a body, and a stream in pieces of the size that the first byte names."""
    with suppress(UpstreamInvalid):
        assert HIDDEN not in listed_names(rewriter().whole(data)), data
    size, stream = (data[0] or 1, data[1:]) if data else (1, b"")
    events, sent = rewriter().events, b""
    with suppress(UpstreamInvalid):
        for start in range(0, len(stream), size):
            sent += events.feed(stream[start : start + size])
        sent += events.finish()
    for event in events_of(sent):
        assert HIDDEN not in listed_names(event), (size, stream)


def main() -> None:
    """Run until libFuzzer ends the process, with exit code 0 or at a leak."""
    with TemporaryDirectory() as folder:
        for number, seed in enumerate(SEEDS):
            (Path(folder) / str(number)).write_bytes(seed)
            (Path(folder) / f"{number}-stream").write_bytes(b"\x03" + seed)
        atheris.Setup([*sys.argv, folder], check)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
