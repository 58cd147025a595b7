"""Starts, watches and ends the processes under measurement; figures come from Linux's /proc."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_LIMIT_S = 15.0
STOP_LIMIT_S = 10.0
_CORES = sorted(os.sched_getaffinity(0))
PROXY_CORE = _CORES[0]
LOAD_CORE = _CORES[-1]
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class BenchmarkError(Exception):
    """A process did not do what the measurement needs; the text says which."""


class MissingProgram(BenchmarkError):
    """A program that others install, such as wrk, is not there."""


@dataclass(frozen=True, slots=True)
class Process:
    """A running child and where its output goes."""

    child: subprocess.Popen[bytes]
    output: Path

    @property
    def pid(self) -> int:
        """The process id."""
        return self.child.pid

    def cpu_s(self) -> float:
        """CPU seconds of all threads since the start; proc(5), fields utime and stime."""
        stat = Path(f"/proc/{self.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND

    def rss_bytes(self) -> int:
        """Resident memory now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def descriptors(self) -> int:
        """How many files and sockets are open now."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def check(self) -> None:
        """Raise BenchmarkError, with the last output, when the process has ended."""
        if self.child.poll() is not None:
            tail = self.output.read_text(errors="replace")[-2000:]
            raise BenchmarkError(f"{self.child.args!r} ended: {tail}")


@contextmanager
def running(argv: Sequence[str], *, core: int, output: Path) -> Iterator[Process]:
    """Run a command on one core, and end it on the way out."""
    with output.open("wb") as sink:
        pin(core)  # a child inherits it, and so does each thread it starts
        try:
            child = subprocess.Popen(argv, stdout=sink, stderr=sink)  # noqa: S603  # our own argv
        finally:
            pin(LOAD_CORE)
        try:
            yield Process(child, output)
        finally:
            _end(child)


def pin(core: int) -> None:
    """Keep this process on one core."""
    os.sched_setaffinity(0, {core})


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_for_port(process: Process, port: int) -> None:
    """Return when the process accepts connections; BenchmarkError when it does not."""
    deadline = time.monotonic() + START_LIMIT_S
    while not accepts(port):
        process.check()
        if time.monotonic() > deadline:
            raise BenchmarkError(f"{process.child.args!r} does not listen on port {port}")
        time.sleep(0.005)


def accepts(port: int) -> bool:
    """Whether somebody accepts connections on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
