"""Every address that this process tried to connect a socket to, whether or not it got there."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_recorders: list[list[str]] = []


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and _recorders:
        address = arguments[1]
        told = str(address[0]) if isinstance(address, tuple) else str(address)
        for recorder in _recorders:
            recorder.append(told)


sys.addaudithook(_note)  # stays for as long as the process


@contextmanager
def dialled() -> Iterator[list[str]]:
    """The addresses dialled while the context is open."""
    recorder: list[str] = []
    _recorders.append(recorder)
    try:
        yield recorder
    finally:
        _recorders.remove(recorder)
