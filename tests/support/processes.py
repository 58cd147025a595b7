"""Child processes with a limit on every wait."""

import selectors
import subprocess
import time


def read_line(process: subprocess.Popen[str], *, limit_s: float) -> str:
    """The next line of its standard output; RuntimeError when it ends or says nothing in time."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(limit_s):
            raise RuntimeError(f"{process.args!r} said nothing within {limit_s} s")
    line = process.stdout.readline()
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
