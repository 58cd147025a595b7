"""The gateway's own log: one line per record, text for people, JSON for programs."""

import json
import logging
import os
import sys
import traceback
from collections.abc import Mapping
from typing import Literal, TextIO

from gateway.observability.audit.redact import redact, redact_all
from gateway.observability.log.single_line import single_line
from gateway.observability.times import iso_time

Format = Literal["auto", "text", "json"]

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_COLOURS = {"WARNING": "\x1b[33m", "ERROR": "\x1b[31m", "CRITICAL": "\x1b[31m"}
_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


def configure(level: str, format_: Format = "auto", stream: TextIO | None = None) -> None:
    """Send every record to `stream` (standard error when None), and nowhere else.

    `auto` is text on a terminal and JSON elsewhere; NO_COLOR is honoured.
    """
    target = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(target)
    handler.setFormatter(_formatter(format_, target, os.environ))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    _tame_aiohttp()


class JsonFormatter(logging.Formatter):
    """One JSON object per record; `extra` becomes members."""

    def format(self, record: logging.LogRecord) -> str:
        """Build the line."""
        line: dict[str, object] = {
            "time": iso_time(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, value in _extras(record).items():
            line.setdefault(name, value)
        if trace := _traceback(self, record):
            line["exception"] = trace
        # ASCII only: no control character, direction mark or lone surrogate is left bare.
        return json.dumps(redact_all(line), ensure_ascii=True).replace("\x7f", "\\u007f")


class TextFormatter(logging.Formatter):
    """`time LEVEL logger: message key=value`, for people."""

    def __init__(self, *, colour: bool) -> None:
        super().__init__()
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        """Build the line."""
        parts = [record.getMessage()]
        parts += [f"{name}={_value(value)}" for name, value in _extras(record).items()]
        if trace := _traceback(self, record):
            parts.append(trace)
        told = single_line(redact(" ".join(parts)))
        time, level = iso_time(record.created), f"{record.levelname:<8}"
        if self._colour:
            time = f"{_DIM}{time}{_PLAIN}"
            level = f"{_COLOURS.get(record.levelname, '')}{level}{_PLAIN}"
        return f"{time} {level} {single_line(record.name)}: {told}"


def _formatter(format_: Format, stream: TextIO, environ: Mapping[str, str]) -> logging.Formatter:
    terminal = stream.isatty()
    if format_ == "json" or (format_ == "auto" and not terminal):
        return JsonFormatter()
    return TextFormatter(colour=terminal and not environ.get("NO_COLOR"))


def _tame_aiohttp() -> None:
    # Its access log repeats request lines and headers; audit events take its place.
    access = logging.getLogger("aiohttp.access")
    access.propagate = False
    access.handlers = [logging.NullHandler()]
    server = logging.getLogger("aiohttp.server")
    server.filters = [_without_request_bytes]


def _without_request_bytes(record: logging.LogRecord) -> bool:
    # A malformed Authorization header stands whole in the parser's error text (attack O6).
    error = record.exc_info[1] if record.exc_info else None
    record.msg = "aiohttp could not serve a request"
    record.args = ()
    record.exc_info = record.exc_text = record.stack_info = None
    if error is not None:
        record.error = type(error).__name__
        record.place = _place(error)
    return True


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def _extras(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    return formatter.formatException(record.exc_info)


def _value(value: object) -> str:
    text = str(value)
    # Quoted as JSON, so that no value can look like another `key=value`.
    plain = text and not any(character in text for character in ' ="\\')
    return text if plain else json.dumps(text, ensure_ascii=False)
