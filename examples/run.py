"""Start an MCP server without authentication and the gateway in front of it, for a first look.

`make run` calls this. Ctrl-C ends both; when one of them ends, so does the other.
"""

import argparse
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from gateway.authserver.accounts.account import Account
from gateway.authserver.accounts.account_file import dump_accounts
from gateway.authserver.accounts.password import RANDOM_BYTES, hash_password, make_password
from gateway.authserver.accounts.place import accounts_path
from gateway.config.load import load_config
from gateway.config.model import Config, Server
from gateway.config.reading.complete import loopback_place, public_url
from gateway.oauth.resource import is_loopback

HERE = Path(__file__).resolve().parent
STARTED_WITHIN_S = 15.0
ENDED_WITHIN_S = 10.0
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

WELCOME = """
The gateway stands in front of {which}.

  MCP endpoint   {endpoint}
  its upstream   {upstream}
  metrics        http://{admin}/metrics

Paste these into a second terminal in this folder:

  # 1. Without a token: 401, and where to get one
  curl -i {endpoint} -H 'Content-Type: application/json' -d '{{"jsonrpc":"2.0","id":1,"method":"ping"}}'

  # 2. {about_token}
  TOKEN=$({get_token})

  # 3. With the token: the server learns who called
  curl -s {endpoint} -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' -d '{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"whoami"}}}}'
{real_client}
Ctrl-C ends both.
"""  # noqa: E501  # a command that is pasted must be one line
REAL_CLIENT = """
A real client: add the endpoint, and log in as {account}.

  claude mcp add --transport http example {endpoint}
  Cursor and VS Code: "url": "{endpoint}"
  without one:        {mcpgw} login {endpoint} && {mcpgw} call {endpoint} whoami
"""
BY_HEADER = """
A real client: there is no page to log in at, so give it the token as a header.

  claude mcp add --transport http example {endpoint} --header "Authorization: Bearer $TOKEN"
  Cursor and VS Code: "headers": {{"Authorization": "Bearer <token>"}} beside "url"
"""
NAME = "ada"


@dataclass(slots=True)
class Children:
    """The programs that end with this one, however it is told to end."""

    programs: list[subprocess.Popen[bytes]] = field(default_factory=list)
    told: bool = False
    starting: bool = False

    def start(self, command: list[str]) -> None:
        """Start a program in a session of its own: the terminal's signals reach only us."""
        self.starting = True
        self.programs.append(subprocess.Popen(command, start_new_session=True))  # noqa: S603
        self.starting = False
        if self.told:
            raise KeyboardInterrupt

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """End at once what was already asked to end; else begin to end."""
        if self.told:
            for program in self.programs:
                program.kill()
            return
        self.told = True
        if not self.starting:
            raise KeyboardInterrupt

    def end(self) -> None:
        """Ask each to end, the last first, and wait for it."""
        self.told = True
        for program in reversed(self.programs):
            program.terminate()
            try:
                program.wait(ENDED_WITHIN_S)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()

    def have_ended(self) -> bool:
        """Whether one of them is gone."""
        return any(program.poll() is not None for program in self.programs)


def main() -> int:
    """Check the configuration, start both, say what to try, wait for Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("config.yaml"))
    path = parser.parse_args().config
    checked = subprocess.run(  # noqa: S603  # our own program
        [_mcpgw(), "config", "check", "--config", str(path)], stdout=subprocess.DEVNULL, check=False
    )
    if checked.returncode != 0:
        return checked.returncode
    config = load_config(path, os.environ)
    account = _account(config)
    children = Children()
    for number in ENDING:
        signal.signal(number, children.on_signal)
    try:
        return _run(config, path, account, children)
    except KeyboardInterrupt:
        return 0
    finally:
        children.end()


def _account(config: Config) -> str:
    """Make the first account, unless there is one; how to log in, or "" where nobody can."""
    if config.authorization_server is None:
        return ""
    file = accounts_path(config)
    if file.exists():
        return f"before ({_mcpgw_here()} user passwd {NAME}: another password)"
    config.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    password = make_password(secrets.token_bytes(RANDOM_BYTES))
    ada = Account(NAME, NAME, hash_password(password), email=f"{NAME}@example.com")
    file.touch(mode=0o600)
    file.write_text(dump_accounts([ada]), encoding="utf-8")
    return f"{NAME} with the password {password} (shown this once)"


def _run(config: Config, path: Path, account: str, children: Children) -> int:
    server = config.servers[config.default_server or next(iter(config.servers))]
    example = _example_address(server)
    places = {
        f"{config.listen.host or '127.0.0.1'}:{config.listen.port}": _listen_key(config),
        f"{config.admin.listen.host or '127.0.0.1'}:{config.admin.listen.port}": "admin.listen",
    }
    if example is not None:
        places[example] = "upstream"
    for address, key in places.items():
        if is_listening(address):
            advice = "; to use a server of your own: mcpgw run" if key == "upstream" else ""
            return _fail(
                f"{address} is in use: end what listens there, or change `{key}` in {path}{advice}"
            )
    if example is not None:
        script = str(HERE / "whoami_server.py")
        children.start([sys.executable, script, "--port", example.rpartition(":")[2]])
    children.start([_mcpgw(), "run", "--config", str(path)])
    if not _wait_until_listening(children, list(places)):
        return _fail("it did not start: see above")
    _say(_welcome(config, path, server, account, is_example=example is not None))
    while not children.have_ended():
        time.sleep(0.2)
    return _fail("one of the two ended: see above")


def _example_address(server: Server) -> str | None:
    """Where the example server must listen, None where another one is meant."""
    parts = urlsplit(server.upstream.url)
    if parts.scheme != "http" or not is_loopback(parts.hostname or "") or parts.path != "/mcp":
        return None
    return f"127.0.0.1:{parts.port or 80}"


def _listen_key(config: Config) -> str:
    """The key that says where the gateway listens: see `gateway.config.reading.complete`."""
    return "public_url" if loopback_place(config) == config.listen else "listen"


def _welcome(config: Config, path: Path, server: Server, account: str, *, is_example: bool) -> str:
    endpoint = public_url(config, server)
    mcpgw = _mcpgw_here()
    option = "" if path == Path("config.yaml") else f" --config {path}"
    scopes = "".join(f" --scope {scope}" for scope in sorted(server.auth.scopes))
    is_local = any(config.issuers[name].local for name in server.auth.issuers)
    return WELCOME.format(
        which="an MCP server that has no authentication of its own"
        if is_example
        else "your server",
        endpoint=endpoint,
        upstream=server.upstream.url,
        admin=f"{config.admin.listen.host or '127.0.0.1'}:{config.admin.listen.port}",
        about_token="A token from the gateway's own issuer"
        if is_local
        else "A token of your provider; this file is where you put it",
        get_token=f"{mcpgw} token issue{option} --subject ada{scopes}" if is_local else "cat token",
        real_client=_real_client(endpoint, account) if is_local else "",
    )


def _real_client(endpoint: str, account: str) -> str:
    if not account:
        return BY_HEADER.format(endpoint=endpoint)
    return REAL_CLIENT.format(endpoint=endpoint, account=account, mcpgw=_mcpgw_here())


def _mcpgw_here() -> str:
    return os.path.relpath(_mcpgw())


def _mcpgw() -> str:
    return str(Path(sys.executable).parent / "mcpgw")


def is_listening(address: str) -> bool:
    """Whether somebody takes connections there."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=1):
            return True
    except OSError:
        return False


def _wait_until_listening(children: Children, addresses: list[str]) -> bool:
    ends_at = time.monotonic() + STARTED_WITHIN_S
    while not all(is_listening(address) for address in addresses):
        if time.monotonic() > ends_at or children.have_ended():
            return False
        time.sleep(0.1)
    return True


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _fail(text: str) -> int:
    sys.stderr.write(f"make run: {text}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
