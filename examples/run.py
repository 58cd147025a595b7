"""Start an MCP server without authentication and the gateway in front of it, for a first look.

`make run` calls this. Ctrl-C ends both; when one of them ends, so does the other.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import yaml

HERE = Path(__file__).resolve().parent
STARTED_WITHIN_S = 15.0
ENDED_WITHIN_S = 10.0

WELCOME = """
The gateway stands in front of an MCP server that has no authentication of its own.

  MCP endpoint   {endpoint}
  its upstream   {upstream}
  metrics        http://{admin}/metrics

Paste these into a second terminal in this folder:

  # 1. Without a token: 401, and where to get one
  curl -i {endpoint} -H 'Content-Type: application/json' -d '{{"jsonrpc":"2.0","id":1,"method":"ping"}}'

  # 2. A token from the gateway's own issuer
  TOKEN=$({mcpgw} token issue{config} --subject ada --scope mcp:read)

  # 3. With the token: the server learns who called
  curl -s {endpoint} -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' -d '{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"whoami"}}}}'

Ctrl-C ends both.
"""  # noqa: E501  # a command that is pasted must be one line


def main() -> int:
    """Start both, say what to try, wait for Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("config.yaml"))
    path = parser.parse_args().config
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    public = urlsplit(settings["public_url"]).netloc
    upstream = urlsplit(settings["upstream"]).netloc
    admin = (settings.get("admin") or {}).get("listen", "127.0.0.1:9090")
    if (busy := _busy_address(upstream, public, admin)) is not None:
        return _fail(f"{busy} is in use: end what listens there, or change it in {path}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as children:
        try:
            server = [sys.executable, str(HERE / "whoami_server.py"), "--port", _port(upstream)]
            programs = [_start(children, server)]
            programs.append(_start(children, [_mcpgw(), "run", "--config", str(path)]))
            if not _wait_until_listening(programs, upstream, public):
                return _fail("it did not start: see above")
            _say(WELCOME.format(**_facts(settings, path), admin=admin))
            return _wait_until_one_ends(programs)
        except KeyboardInterrupt:
            return 0


def _facts(settings: dict[str, str], path: Path) -> dict[str, str]:
    return {
        "endpoint": settings["public_url"].rstrip("/") + "/mcp",
        "upstream": settings["upstream"],
        "mcpgw": os.path.relpath(_mcpgw()),
        "config": "" if path == Path("config.yaml") else f" --config {path}",
    }


def _mcpgw() -> str:
    return str(Path(sys.executable).parent / "mcpgw")


def _port(address: str) -> str:
    return address.rpartition(":")[2]


def _busy_address(*addresses: str) -> str | None:
    return next((address for address in addresses if is_listening(address)), None)


def is_listening(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, int(port))) == 0


def _start(children: ExitStack, command: list[str]) -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl-C reaches only this script, which then ends both in order.
    program = subprocess.Popen(command, start_new_session=True)  # noqa: S603  # our own programs
    children.callback(_end, program)
    return program


def _end(program: subprocess.Popen[bytes]) -> None:
    program.terminate()
    try:
        program.wait(ENDED_WITHIN_S)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()


def _wait_until_listening(programs: list[subprocess.Popen[bytes]], *addresses: str) -> bool:
    ends_at = time.monotonic() + STARTED_WITHIN_S
    while _busy_count(addresses) < len(addresses):
        if time.monotonic() > ends_at or any(program.poll() is not None for program in programs):
            return False
        time.sleep(0.1)
    return True


def _busy_count(addresses: tuple[str, ...]) -> int:
    return sum(is_listening(address) for address in addresses)


def _wait_until_one_ends(programs: list[subprocess.Popen[bytes]]) -> int:
    while all(program.poll() is None for program in programs):
        time.sleep(0.2)
    return _fail("one of the two ended: see above")


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _fail(text: str) -> int:
    sys.stderr.write(f"make run: {text}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
