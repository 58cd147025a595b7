from gateway.client.failure import ClientFailure, LoginNeeded, login_command


def test_what_others_wrote_drives_no_terminal() -> None:
    assert str(ClientFailure("it says \x1b[2J\nok")) == "it says \\x1b[2J\\nok"


def test_login_that_is_needed_is_spelled_out() -> None:
    failure = LoginNeeded("https://mcp.example/mcp", "the login is over")

    assert str(failure) == "the login is over: run `mcpgw login https://mcp.example/mcp`"


def test_words_of_a_server_are_none_of_the_shell() -> None:
    shown = login_command("https://mcp.example/mcp?a=1&b=2", ["$(evil)", "a;b", "mcp:read"])

    assert shown == (
        "mcpgw login 'https://mcp.example/mcp?a=1&b=2' --scope '$(evil)' --scope 'a;b'"
        " --scope mcp:read"
    )
