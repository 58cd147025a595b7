"""The audit log: one JSON line per MCP request, written without ever holding a request up."""

import json
import logging
import os
import select
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from gateway.observability.audit.outcome import RequestOutcome
from gateway.observability.audit.redact import redact_all
from gateway.observability.audit.session_event import SessionEnded, SessionStarted

MAX_PENDING = 20_000  # about 8 MB
MAX_LINE_BYTES = 4096
MAX_HARMLESS = 64
MAX_TEXT = 256  # of one value, when a line would be longer
GATHER_S = 0.05  # lines of this time go out in one write
STDOUT = "-"

logger = logging.getLogger(__name__)

_encoder = msgspec.json.Encoder()


class AuditLog:
    """Takes events on the event loop and writes them on a thread of its own.

    `place` is a path, `-` for standard output, or None for nowhere. `on_dropped` is told, on
    the event loop, how many events were lost because the place takes no more. Raises OSError
    when the file cannot be opened.
    """

    def __init__(self, place: str | None, on_dropped: Callable[[int], None]) -> None:
        self._on_dropped = on_dropped
        self._pending: deque[bytes] = deque()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._reopening = threading.Event()
        self._path = None if place in (None, STDOUT) else Path(str(place))
        self._descriptor = -1 if place is None else _open(self._path)
        self._failing = False
        self._lost = 0
        self._told = 0
        self._writer = threading.Thread(target=self._run, name="audit", daemon=True)
        if place is not None:
            self._writer.start()

    def write(self, event: RequestOutcome | SessionStarted | SessionEnded) -> None:
        """Queue an event; drop it when too many wait already."""
        if self._descriptor >= 0:
            self.append(
                audit_line(event) if isinstance(event, RequestOutcome) else _careful_line(event)
            )

    def append(self, line: bytes) -> None:
        """Queue a line, as `audit_line` makes them; drop it when too many wait already."""
        if self._descriptor < 0:
            return
        if self._lost != self._told:
            self._tell_losses()
        pending = self._pending
        if len(pending) >= MAX_PENDING:
            self._on_dropped(1)
            return
        pending.append(line)
        # Waking the thread costs 2 µs, so only the first line of a batch does.
        if len(pending) == 1:
            self._wake.set()

    def reopen(self) -> None:
        """Open the file anew, as after a log rotation; standard output stays."""
        self._reopening.set()
        self._wake.set()

    def close(self, limit_s: float = 2.0) -> None:
        """Write what waits, for at most `limit_s`, and let go of the file."""
        if self._descriptor < 0:
            return
        self._stopping.set()
        self._wake.set()
        self._writer.join(limit_s)
        if self._writer.is_alive():  # the place blocks; the thread ends with the process
            self._on_dropped(len(self._pending))
            return
        self._tell_losses()
        _close(self._descriptor, self._path)
        self._descriptor = -1

    def _tell_losses(self) -> None:
        lost = self._lost
        if lost != self._told:
            self._on_dropped(lost - self._told)
            self._told = lost

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait()
            self._stopping.wait(GATHER_S)
            self._wake.clear()
            try:
                self._turn()
            except Exception:  # the thread would end, and every line after this be lost
                logger.exception("unexpected failure in the audit log")
        self._flush()

    def _turn(self) -> None:
        if self._reopening.is_set():
            self._reopening.clear()
            self._reopen()
        self._flush()

    def _flush(self) -> None:
        pending = self._pending
        while count := min(len(pending), 1000):
            batch = b"".join([pending.popleft() for _ in range(count)])
            try:
                # A failed write may have left half a line: it must not swallow the next one.
                _write_all(self._descriptor, b"\n" + batch if self._failing else batch)
                if self._failing:
                    logger.warning("audit log is written again", extra={"lost": self._lost})
                self._failing = False
            except OSError as error:
                self._lost += count
                self._complain(error)

    def _reopen(self) -> None:
        if self._path is None:
            return
        try:
            fresh = _open(self._path)
        except OSError as error:
            self._complain(error)
            return
        old, self._descriptor = self._descriptor, fresh
        os.close(old)

    def _complain(self, error: OSError) -> None:
        if not self._failing:  # once per outage
            logger.error("audit log cannot be written", extra={"error": str(error)})
        self._failing = True


def audit_line(outcome: RequestOutcome) -> bytes:
    """Build the JSON line of an event; nothing in it can break a line or drive a terminal."""
    line = json_line(outcome) if is_plain(outcome) else None
    return _careful_line(outcome) if line is None else line


def json_line(outcome: RequestOutcome) -> bytes | None:
    """The line as msgspec writes it; None when that is not safe to show."""
    try:
        line = _encoder.encode(outcome)
    except UnicodeEncodeError:  # a lone surrogate
        return None
    # msgspec leaves DEL, C1 controls and direction marks as they are.
    if not line.isascii() or line.find(b"\x7f") >= 0 or len(line) > MAX_LINE_BYTES:
        return None
    return line + b"\n"


def is_plain(outcome: RequestOutcome) -> bool:
    """Tell whether nothing in it needs to be searched for what must not be told."""
    # Where no server was reached, or nobody vouched for the caller, more is as strangers wrote it.
    if not outcome.server or outcome.verified is False:
        return False
    if isinstance(outcome.jsonrpc_id, str) and not is_harmless(outcome.jsonrpc_id):
        return False
    written = (outcome.name, outcome.mcp_method, outcome.client_request_id)
    return all(map(is_harmless, written))


def is_harmless(text: str | None) -> bool:
    """Tell whether what a client wrote is too short for a token and does not begin like one."""
    # 0.1 µs; searching the whole line for tokens costs 3.
    return text is None or (len(text) <= MAX_HARMLESS and "eyJ" not in text and "earer" not in text)


def _careful_line(event: RequestOutcome | SessionStarted | SessionEnded) -> bytes:
    members = {name: _shortened(value) for name, value in msgspec.to_builtins(event).items()}
    line = json.dumps(redact_all(members), ensure_ascii=True, separators=(",", ":"))
    return line.replace("\x7f", "\\u007f").encode() + b"\n"


def _shortened(value: object) -> object:
    if isinstance(value, list):
        return [_shortened_text(each) for each in value]
    return _shortened_text(value)


def _shortened_text(value: object) -> object:
    if isinstance(value, str) and len(value) > MAX_TEXT:
        return value[:MAX_TEXT] + "…"
    return value


def _open(path: Path | None) -> int:
    if path is None:
        return 1
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    return os.open(path, flags, 0o600)  # who called what is nobody else's business


def _close(descriptor: int, path: Path | None) -> None:
    if path is not None:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            written = os.write(descriptor, rest)
            rest = rest[written:]
        except BlockingIOError:  # whoever shares our standard output made it non-blocking
            poller = select.poll()
            poller.register(descriptor, select.POLLOUT)
            poller.poll(1000)
