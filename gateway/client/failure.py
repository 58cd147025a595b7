"""What the command-line client says when it cannot go on."""

import shlex
from collections.abc import Sequence

from gateway.observability.log.single_line import single_line


class ClientFailure(Exception):
    """One line that says what is wrong and what to do next; it never holds a credential."""

    def __init__(self, text: str) -> None:
        # Others wrote parts of it, and it goes to a terminal.
        super().__init__(single_line(text))


class LoginNeeded(ClientFailure):
    """No login that is kept opens the server; only a person can log in."""

    def __init__(self, server_url: str, why: str) -> None:
        super().__init__(f"{why}: run `{login_command(server_url)}`")


def login_command(server_url: str, scopes: Sequence[str] = ()) -> str:
    """What to type to log in. Others chose the words of it, and people paste it into a shell."""
    flags = [word for scope in scopes for word in ("--scope", scope)]
    return shlex.join(["mcpgw", "login", server_url, *flags])


class Refused(ClientFailure):
    """An authorization server's error answer: RFC 6749 §5.2; `code` is its `error`."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
