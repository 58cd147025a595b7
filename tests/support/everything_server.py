"""The official SDK's example server with everything in it, in a process of its own."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from tests.support.ports import listening_socket
from tests.support.processes import read_line, stop

SOURCE = Path(__file__).parents[1] / "vectors" / "everything_server" / "server.py"
RETRY_MS = 100  # as its own `main` has it


@contextmanager
def running_everything_server() -> Iterator[str]:
    """Start it and give the URL of its endpoint."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.everything_server"],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield read_line(process, limit_s=20)
    finally:
        stop(process)


def _serve() -> None:
    spec = importlib.util.spec_from_file_location("everything_server", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    app = module.mcp.streamable_http_app(event_store=module.event_store, retry_interval=RETRY_MS)
    listener = listening_socket()
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp\n")
    sys.stdout.flush()
    uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none")).run([listener])


if __name__ == "__main__":
    _serve()
