import errno
import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.observability.audit import audit
from gateway.observability.audit.audit import AuditLog, audit_line
from tests.unit.observability.conftest import a_call

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
LIMIT_S = 5.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.log"


@pytest.fixture
def dropped() -> list[int]:
    return []


@pytest.fixture
def log(path: Path, dropped: list[int]) -> Iterator[AuditLog]:
    log = AuditLog(str(path), dropped.append)
    yield log
    log.close(LIMIT_S)


def written(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_line_tells_who_called_what_and_how_it_ended() -> None:
    assert json.loads(audit_line(a_call())) == {
        "event": "mcp_request",
        "time": "2025-11-23T15:00:00.250Z",
        "request_id": "0123456789abcdef",
        "http_method": "POST",
        "status": 200,
        "server": "files",
        "decision": "allow",
        "reason": "ok",
        "scheme": "jwt",
        "subject": "ada",
        "issuer": "https://idp.example.com",
        "client_id": "cli",
        "mcp_method": "tools/call",
        "name": "read_file",
        "jsonrpc_id": 7,
        "duration_s": 0.004,
        "auth_s": 0.0002,
        "upstream_s": 0.003,
        "bytes_in": 0,
        "bytes_out": 0,
        "address": "",
        "trace_id": None,
        "streamed": False,
        "client_gone": False,
        "ended": None,
        "rule": None,
        "would_deny": None,
        "session": None,
        "result": "ok",
        "error_code": None,
        "verified": True,
        "client_request_id": None,
        "host": "files.example.com",
        "path": None,
        "upstream_seen": None,
    }


@pytest.mark.requirement("O5")
@pytest.mark.parametrize(
    "hostile",
    ["a\r\nb", "\x1b[2J", "\x9b31m", "\x85", "\u2028", "\u202e", "\x7f", "\ud800", '","status":1'],
)
def test_hostile_value_stays_one_ascii_line(hostile: str) -> None:
    line = audit_line(a_call(name=hostile, subject=hostile))

    assert line.endswith(b"\n")
    assert all(32 <= byte < 127 for byte in line[:-1])
    assert json.loads(line)["name"] == hostile


@pytest.mark.requirement("20", "O6")
@pytest.mark.parametrize("field", ["name", "mcp_method", "jsonrpc_id"])
@pytest.mark.parametrize("value", [JWT, JWT[:30], f"Bearer {JWT}", "Bearer 0paque-t0ken"])
def test_token_that_a_client_puts_in_a_name_is_not_kept(field: str, value: str) -> None:
    line = audit_line(a_call(**{field: value}))

    assert JWT[:25].encode() not in line
    assert b"0paque" not in line
    assert b"[redacted]" in line


def test_long_value_is_cut() -> None:
    line = audit_line(a_call(name="x" * 100_000, subject="y" * 100_000))

    assert len(line) < 1280
    assert json.loads(line)["name"] == "x" * 256 + "…"


def test_closing_writes_everything_in_order(path: Path, log: AuditLog) -> None:
    for number in range(2500):
        log.write(a_call(jsonrpc_id=number))

    log.close(LIMIT_S)

    assert [event["jsonrpc_id"] for event in written(path)] == list(range(2500))


def test_event_is_on_disk_soon_without_closing(path: Path, log: AuditLog) -> None:
    reader = threading.Thread(target=_until_written, args=(path,))
    reader.start()

    log.write(a_call())

    reader.join(LIMIT_S)
    assert not reader.is_alive()


def _until_written(path: Path) -> None:
    pause = threading.Event()
    for _ in range(500):
        if path.exists() and path.stat().st_size:
            return
        pause.wait(0.01)


def test_file_is_for_its_owner_only(path: Path, log: AuditLog) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


def test_file_that_cannot_be_opened_is_an_error_at_start(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"No such file") as failure:
        AuditLog(str(tmp_path / "missing" / "audit.log"), print)

    assert failure.value.errno == errno.ENOENT


def test_rotated_file_is_opened_anew(path: Path, log: AuditLog) -> None:
    log.write(a_call(jsonrpc_id=1))
    _until_written(path)
    rotated = path.rename(path.with_suffix(".1"))

    log.reopen()
    log.write(a_call(jsonrpc_id=2))
    log.close(LIMIT_S)

    assert [event["jsonrpc_id"] for event in written(rotated)] == [1]
    assert [event["jsonrpc_id"] for event in written(path)] == [2]


def test_file_that_cannot_be_opened_anew_leaves_the_old_one(
    path: Path, log: AuditLog, caplog: pytest.LogCaptureFixture
) -> None:
    kept = path.rename(path.with_suffix(".1"))
    path.mkdir()

    log.reopen()
    log.write(a_call())
    log.close(LIMIT_S)

    assert len(kept.read_text(encoding="utf-8").strip().splitlines()) == 1
    assert "audit log cannot be written" in caplog.text


def test_nowhere_means_that_nothing_is_written(dropped: list[int]) -> None:
    log = AuditLog(None, dropped.append)

    log.write(a_call())
    log.reopen()
    log.close()

    assert not dropped


def test_standard_output_stays_open(capfd: pytest.CaptureFixture[str]) -> None:
    log = AuditLog("-", print)
    log.write(a_call())
    log.reopen()
    log.close(LIMIT_S)

    sys.stdout.write("still here\n")

    out = capfd.readouterr().out.splitlines()
    assert json.loads(out[0])["event"] == "mcp_request"
    assert out[1] == "still here"


def test_reader_that_stops_reading_holds_nobody_up_and_losses_are_counted(
    tmp_path: Path, dropped: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MAX_PENDING", 100)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    log = AuditLog(str(pipe), dropped.append)

    for _ in range(5000):
        log.write(a_call())
    assert 4000 < sum(dropped) < 5000

    os.close(reader)
    log.close(LIMIT_S)
    assert sum(dropped) == 5000


def test_full_disk_loses_lines_and_says_so_once(
    dropped: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    log = AuditLog("/dev/full", dropped.append)

    log.write(a_call())
    log.close(LIMIT_S)

    assert sum(dropped) == 1
    assert caplog.text.count("audit log cannot be written") == 1


@pytest.mark.requirement("U12")
def test_line_after_a_failure_starts_on_its_own(
    path: Path, log: AuditLog, caplog: pytest.LogCaptureFixture
) -> None:
    half = '{"event":"mcp_req'
    path.write_text(half, encoding="utf-8")
    log._failing = True

    log.write(a_call())
    log.close(LIMIT_S)

    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == half
    assert json.loads(lines[1])["event"] == "mcp_request"
    assert caplog.text.count("audit log is written again") == 1


def test_place_that_blocks_for_ever_does_not_hold_the_end_up(
    tmp_path: Path, dropped: list[int]
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    log = AuditLog(str(pipe), dropped.append)
    for _ in range(3000):
        log.write(a_call())

    log.close(0.2)

    assert sum(dropped) >= 2000
    os.close(reader)


def test_write_waits_for_a_pipe_that_is_full_and_non_blocking() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    data = bytes(200_000)
    received: list[bytes] = []
    reader = threading.Thread(target=_read_all, args=(reading, received, len(data)))
    reader.start()

    audit._write_all(writing, data)

    reader.join(LIMIT_S)
    assert b"".join(received) == data
    os.close(reading)
    os.close(writing)


def _read_all(descriptor: int, received: list[bytes], wanted: int) -> None:
    threading.Event().wait(0.05)
    while sum(map(len, received)) < wanted:
        received.append(os.read(descriptor, 65536))
