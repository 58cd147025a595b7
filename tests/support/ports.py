"""Ports that the system gives out, held so that nobody else gets them meanwhile."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def reserved_port() -> Iterator[int]:
    """Hold a loopback port without listening on it.

    Linux lets another socket with SO_REUSEADDR listen there, as asyncio's servers do, and
    gives the number to no one who asks for any port.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def listening_socket() -> socket.socket:
    """A loopback socket that already queues connections, for a server that starts later."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    return listener
