import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest

from gateway.observability.log.log import configure

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
HOSTILE = '\x1b[2J\r\n{"level":"error"}\u202e\x9b\ud800'


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_record_is_one_json_object_with_its_extras() -> None:
    stream = io.StringIO()
    configure("info", "auto", stream)

    logging.getLogger("gateway.x").warning("keys not fetched", extra={"issuer": "corp"})

    line = json.loads(stream.getvalue())
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "warning",
        "logger": "gateway.x",
        "message": "keys not fetched",
        "issuer": "corp",
    }


def test_level_holds_back_what_is_below_it() -> None:
    stream = io.StringIO()
    configure("warning", "json", stream)

    logging.getLogger("gateway.x").info("not of interest")

    assert stream.getvalue() == ""


@pytest.mark.requirement("O5")
@pytest.mark.parametrize("format_", ["text", "json"])
def test_hostile_text_stays_on_its_line_and_drives_no_terminal(format_: str) -> None:
    stream = io.StringIO()
    configure("info", "json" if format_ == "json" else "text", stream)

    logging.getLogger("gateway.x").info(HOSTILE, extra={"tool": HOSTILE})

    text = stream.getvalue().removesuffix("\n")
    assert len(text.splitlines()) == 1
    assert not set(text) & set("\x1b\r\n\u202e\x9b\ud800")


@pytest.mark.requirement("O5")
def test_text_value_cannot_look_like_another_field() -> None:
    stream = io.StringIO()
    configure("info", "text", stream)

    logging.getLogger("gateway.x").info("called", extra={"tool": 'x level="error', "n": 3})

    assert stream.getvalue().endswith('gateway.x: called tool="x level=\\"error" n=3\n')


@pytest.mark.requirement("20", "O6")
@pytest.mark.parametrize("format_", ["text", "json"])
def test_token_in_message_extra_or_traceback_is_redacted(format_: str) -> None:
    stream = io.StringIO()
    configure("info", "json" if format_ == "json" else "text", stream)

    try:
        raise ValueError(f"bad header: Bearer {JWT}")
    except ValueError:
        logging.getLogger("gateway.x").exception("%s", JWT, extra={"header": [JWT]})

    assert "eyJ" not in stream.getvalue()
    assert "ValueError" in stream.getvalue()
    assert stream.getvalue().count("\n") == 1


@pytest.mark.requirement("O6")
def test_error_of_aiohttp_is_named_without_its_text() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)

    try:
        raise ValueError("s3cret-opaque-token")
    except ValueError:
        logging.getLogger("aiohttp.server").exception("Error: %s", "s3cret-opaque-token")
    logging.getLogger("aiohttp.access").error("GET /?t=s3cret-opaque-token")

    line = json.loads(stream.getvalue())
    assert line["message"] == "aiohttp could not serve a request"
    assert line["error"] == "ValueError"
    assert "test_log.py:" in line["place"]
    assert "s3cret" not in stream.getvalue()


def test_terminal_gets_coloured_text() -> None:
    terminal = Terminal()
    configure("info", "auto", terminal)

    logging.getLogger("gateway.x").error("it broke")

    assert "\x1b[31mERROR" in terminal.getvalue()


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    configure("info", "auto", terminal)

    logging.getLogger("gateway.x").error("it broke")

    assert "\x1b" not in terminal.getvalue()


def test_warnings_become_records() -> None:
    stream = io.StringIO()
    configure("info", "json", stream)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old habit", stacklevel=1)

    assert json.loads(stream.getvalue())["logger"] == "py.warnings"
