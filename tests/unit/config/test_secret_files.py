"""The `*_file` twin of every secret."""

from pathlib import Path

from tests.unit.config.samples import SHORT, review


def test_a_secret_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("00" * 32 + "\n", encoding="utf-8")

    config = review(SHORT + "sealing_key_file: key\n", tmp_path).config

    assert config is not None
    assert config.sealing_key == bytes(32)


def test_both_at_once_are_refused(tmp_path: Path) -> None:
    found = review(SHORT + f"sealing_key: {'00' * 32}\nsealing_key_file: key\n", tmp_path).problems

    assert [each.message for each in found] == ["give either sealing_key or sealing_key_file"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    (problem,) = review(SHORT + "sealing_key_file: nope\n", tmp_path).problems

    assert problem.message.endswith("nope: No such file or directory")


def test_a_path_is_text(tmp_path: Path) -> None:
    assert review(SHORT + "sealing_key_file: [a]\n", tmp_path).problems[0].message == (
        "expected the path of a file"
    )


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff")

    assert "not UTF-8" in review(SHORT + "sealing_key_file: key\n", tmp_path).problems[0].message
