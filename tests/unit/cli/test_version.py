"""`mcpgw version`."""

from click.testing import CliRunner

from gateway.cli.version import command


def test_the_version_of_gateway_and_python_is_one_line() -> None:
    shown = CliRunner().invoke(command).stdout

    assert shown.startswith("mcpgw 0.")
    assert "Python 3." in shown
