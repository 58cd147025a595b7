from gateway.proxy.sessions.session import Session

NOW, TIME = 1_700_000_000.0, "2023-11-14T22:13:20.000Z"
ISSUER = "https://idp.example.com"


def begun(*, caller: tuple[str, str, str | None] | None) -> Session:
    return Session(b"the-servers-own", "sealed", caller, "counted", "short", NOW, NOW)


def test_the_line_for_the_upstream_has_the_servers_own_id() -> None:
    assert begun(caller=None).line == b"Mcp-Session-Id: the-servers-own\r\n"


def test_of_its_beginning_is_told_whose_it_is() -> None:
    told = begun(caller=(ISSUER, "alice", "app")).beginning("weather")

    assert (told.time, told.server, told.session) == (
        "2023-11-14T22:13:20.000Z",
        "weather",
        "short",
    )
    assert (told.subject, told.issuer, told.client_id) == ("alice", ISSUER, "app")


def test_of_its_end_is_told_why_and_what_was_done() -> None:
    session = begun(caller=None)
    session.requests, session.tools = 3, {"b", "a"}

    told = session.ending("weather", "idle", NOW + 60)

    assert (told.reason, told.duration_s, told.requests) == ("idle", 60.0, 3)
    assert told.tools == ("a", "b")
    assert (told.subject, told.issuer, told.client_id) == (None, None, None)
