from gateway.client.failure import ClientFailure, LoginNeeded


def test_what_others_wrote_drives_no_terminal() -> None:
    assert str(ClientFailure("it says \x1b[2J\nok")) == "it says \\x1b[2J\\nok"


def test_login_that_is_needed_is_spelled_out() -> None:
    failure = LoginNeeded("https://mcp.example/mcp", "the login is over")

    assert str(failure) == "the login is over: run `mcpgw login https://mcp.example/mcp`"
