"""The key that sessions and endpoints are sealed with."""

from pathlib import Path

import pytest

from gateway.app.sealing_key import KEY_BYTES, KEY_FILE, sealing_key
from gateway.config.model import Config
from gateway.errors import ConfigError
from tests.unit.config.samples import SHORT, review

CONFIGURED = "ab" * KEY_BYTES


def config(folder: Path, more: str = "") -> Config:
    found = review(f"{SHORT}state_dir: {folder / 'state'}\n{more}", folder).config
    assert found is not None
    return found


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The file of a first start."""
    sealing_key(config(tmp_path))
    return tmp_path / "state" / KEY_FILE


def test_the_first_start_makes_a_key_that_every_later_one_uses(tmp_path: Path, kept: Path) -> None:
    assert sealing_key(config(tmp_path)) == kept.read_bytes()
    assert len(kept.read_bytes()) == KEY_BYTES
    assert list(kept.parent.iterdir()) == [kept]


@pytest.mark.requirement("O1")
def test_no_two_installations_make_the_same_key(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()

    assert sealing_key(config(tmp_path / "one")) != sealing_key(config(tmp_path / "two"))


def test_nobody_else_may_read_what_was_made(kept: Path) -> None:
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.requirement("A13")
@pytest.mark.parametrize("mode", [0o640, 0o620, 0o610, 0o604, 0o602, 0o601])
def test_a_key_that_others_may_use_ends_the_start(mode: int, tmp_path: Path, kept: Path) -> None:
    kept.chmod(mode)

    with pytest.raises(ConfigError, match="chmod 600"):
        sealing_key(config(tmp_path))


@pytest.mark.requirement("O1")
@pytest.mark.parametrize("size", [0, KEY_BYTES - 1, KEY_BYTES + 1])
def test_what_is_no_key_ends_the_start(size: int, tmp_path: Path, kept: Path) -> None:
    kept.write_bytes(bytes(size))

    with pytest.raises(ConfigError, match="not a key"):
        sealing_key(config(tmp_path))


def test_a_configured_key_counts_and_none_is_made(tmp_path: Path) -> None:
    assert sealing_key(config(tmp_path, f"sealing_key: {CONFIGURED}\n")) == bytes.fromhex(
        CONFIGURED
    )
    assert not (tmp_path / "state").exists()


def test_where_nothing_can_be_kept_the_key_ends_with_the_process(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("no folder", encoding="utf-8")

    keys = {sealing_key(config(tmp_path)) for _ in range(2)}

    assert [len(key) for key in keys] == [KEY_BYTES, KEY_BYTES]
    assert [each.getMessage() for each in caplog.records] == [
        "sessions end with this process: the key cannot be kept"
    ] * 2


@pytest.mark.requirement("A13")
def test_a_key_in_a_folder_that_others_may_write_to_ends_the_start(
    tmp_path: Path, kept: Path
) -> None:
    kept.parent.chmod(0o777)

    with pytest.raises(ConfigError, match="chmod go-w"):
        sealing_key(config(tmp_path))
