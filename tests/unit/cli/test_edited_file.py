import stat
from pathlib import Path

import click
import pytest

from gateway.cli.edited_file import EditedFile, text_table
from gateway.errors import ConfigError


def _parse(text: str) -> list[str]:
    if "!" in text:
        raise ValueError("no exclamation marks")
    return text.split()


def _file(path: Path) -> EditedFile[str]:
    return EditedFile(path, _parse, " ".join)


def test_what_the_block_changes_is_written_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "words"

    with _file(path).editing(may_be_new=True) as words:
        words.append("one")

    assert path.read_text() == "one"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_block_that_changes_nothing_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "words"
    path.write_text("one")
    before = path.stat().st_ino

    with _file(path).editing() as words:
        assert words == ["one"]

    assert path.stat().st_ino == before


def test_a_block_that_fails_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "words"
    path.write_text("one")

    def change() -> None:
        with _file(path).editing() as words:
            words.append("two")
            raise click.UsageError("changed my mind")

    with pytest.raises(click.UsageError):
        change()

    assert path.read_text() == "one"


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "words"
    path.write_text("one")

    with (
        pytest.raises(click.ClickException, match="stays as it was: no exclamation"),
        _file(path).editing() as words,
    ):
        words.append("!")

    assert path.read_text() == "one"


def test_a_broken_file_is_a_bad_configuration(tmp_path: Path) -> None:
    path = tmp_path / "words"
    path.write_text("!")

    with pytest.raises(ConfigError, match="no exclamation marks"):
        _file(path).entries()


def test_columns_stand_below_each_other() -> None:
    assert text_table([("id", "name"), ("1", "Ada Lovelace"), ("10", "")]) == (
        "ID  NAME\n1   Ada Lovelace\n10"
    )
