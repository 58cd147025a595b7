"""Child processes with a limit on every wait."""

import subprocess
import threading
import time


def read_line(process: subprocess.Popen[str], *, limit_s: float) -> str:
    """The next line of its standard output; RuntimeError when it ends or says nothing in time."""
    stream, lines = process.stdout, list[str]()
    assert stream is not None
    # A thread: lines may wait in the stream's own buffer, where a selector does not see them.
    reader = threading.Thread(target=lambda: lines.append(stream.readline()), daemon=True)
    reader.start()
    reader.join(limit_s)
    if not lines:
        raise RuntimeError(f"{process.args!r} said nothing within {limit_s} s")
    (line,) = lines
    if not line:
        raise RuntimeError(f"{process.args!r} ended with {process.wait(limit_s)}")
    return line.rstrip("\n")


def read_until(process: subprocess.Popen[str], text: str, *, limit_s: float) -> list[str]:
    """Its lines up to the one that holds the text."""
    ends_at = time.monotonic() + limit_s
    lines: list[str] = []
    while not lines or text not in lines[-1]:
        lines.append(read_line(process, limit_s=max(0.0, ends_at - time.monotonic())))
    return lines


def stop(process: subprocess.Popen[str]) -> int:
    """Ask it to end, make it end after five seconds, and give its exit code."""
    process.terminate()
    try:
        return process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait(5)
    finally:
        if process.stdout is not None:
            process.stdout.close()
