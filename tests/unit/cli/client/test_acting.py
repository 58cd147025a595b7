import pytest

from gateway.cli.client.acting import ServerUrl, explained, moment, printable, table
from gateway.client.failure import ClientFailure


def test_failure_is_one_line_and_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, explained():
        raise ClientFailure("no\nway")

    assert ended.value.code == 1
    assert capsys.readouterr().err == "mcpgw: no\\nway\n"


def test_url_is_read_as_every_command_reads_it() -> None:
    assert ServerUrl().convert("https://MCP.example/", None, None) == "https://mcp.example"


def test_text_of_a_server_drives_no_terminal() -> None:
    assert printable("a\tb\n\x1b[2J\u202e\ud800") == "a\tb\n\ufffd[2J\ufffd\ufffd"


def test_times_are_read_by_people() -> None:
    assert (moment(0.0), moment(None)) == ("1970-01-01T00:00:00Z", None)


def test_cells_stand_below_each_other() -> None:
    assert table([("A", "B"), ("long", "")]) == "A     B\nlong"
