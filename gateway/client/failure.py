"""What the command-line client says when it cannot go on."""

from gateway.observability.log.single_line import single_line


class ClientFailure(Exception):
    """One line that says what is wrong and what to do next; it never holds a credential."""

    def __init__(self, text: str) -> None:
        # Others wrote parts of it, and it goes to a terminal.
        super().__init__(single_line(text))


class LoginNeeded(ClientFailure):
    """No login that is kept opens the server; only a person can log in."""

    def __init__(self, server_url: str, why: str) -> None:
        super().__init__(f"{why}: run `mcpgw login {server_url}`")


class Refused(ClientFailure):
    """An authorization server's error answer: RFC 6749 §5.2; `code` is its `error`."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
