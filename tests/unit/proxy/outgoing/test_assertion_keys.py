"""The keys that assertions are signed with."""

import os
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway.config.model import AssertionKeys as Settings
from gateway.errors import ConfigError
from gateway.identity.keys.key_ring import PUBLISH_AFTER_S, PUBLISH_AHEAD_S
from gateway.proxy.outgoing.assertion_keys import KEY_FILE, AssertionKeys
from gateway.resilience.clocks import Clocks

DAY_S = 86400.0
DAILY = Settings(rotate=DAY_S)


class Now:
    """A wall clock that only the test moves."""

    def __init__(self) -> None:
        self.time = 1_763_900_000.0
        self.clocks = Clocks(lambda: self.time, lambda: self.time)


def _kids(keys: AssertionKeys) -> list[object]:
    members = keys.jwks()["keys"]
    assert isinstance(members, list)
    return [each["kid"] for each in members]


def test_own_keys_outlive_a_restart_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    now = Now()
    first = AssertionKeys.load(DAILY, tmp_path, now.clocks)

    again = AssertionKeys.load(DAILY, tmp_path, now.clocks)

    assert again.current().kid == first.current().kid
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o077 == 0


def test_a_rotation_leaves_no_gap(tmp_path: Path) -> None:
    now = Now()
    keys = AssertionKeys.load(DAILY, tmp_path, now.clocks)
    old = keys.current().kid

    now.time += DAY_S
    keys.look()
    assert keys.current().kid == old
    assert len(_kids(keys)) == 2
    now.time += PUBLISH_AHEAD_S
    new = keys.current().kid
    assert new != old
    assert _kids(keys) == [old, new]
    now.time += DAY_S + PUBLISH_AFTER_S
    keys.look()
    assert old not in _kids(keys)
    assert new in _kids(keys)


def test_processes_of_one_machine_share_the_keys(tmp_path: Path) -> None:
    now = Now()
    one, two = (AssertionKeys.load(DAILY, tmp_path, now.clocks) for _ in range(2))
    now.time += DAY_S
    one.look()

    two.look()

    assert _kids(one) == _kids(two)


def test_of_files_the_first_signs_and_all_are_published(tmp_path: Path) -> None:
    files = (tmp_path / "new.pem", tmp_path / "old.pem")
    for path in files:
        path.write_bytes(OKPKey.generate_key("Ed25519").as_pem(private=True))
    keys = AssertionKeys.load(Settings(files=files), tmp_path, Now().clocks)

    assert keys.current().kid == _kids(keys)[0]
    assert len(_kids(keys)) == 2
    assert not (tmp_path / KEY_FILE).exists()


def test_a_file_that_is_replaced_is_read_again(tmp_path: Path) -> None:
    path, other = tmp_path / "key.pem", tmp_path / "other.pem"
    for each in (path, other):
        each.write_bytes(ECKey.generate_key("P-256").as_pem(private=True))
    settings = Settings(algorithm="ES256", files=(path,))
    keys = AssertionKeys.load(settings, tmp_path, Now().clocks)
    before = keys.current().kid

    os.replace(other, path)
    keys.look()

    assert keys.current().kid != before


@pytest.mark.parametrize(
    "content",
    [
        b"nothing",
        ECKey.generate_key("P-256").as_pem(private=False),
        ECKey.generate_key("P-384").as_pem(private=True),
        RSAKey.generate_key(2048).as_pem(private=True),
    ],
)
def test_a_key_that_does_not_fit_stops_the_start(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key.pem").write_bytes(content)
    settings = Settings(algorithm="ES256", files=(tmp_path / "key.pem",))

    with pytest.raises(ConfigError, match="key"):
        AssertionKeys.load(settings, tmp_path, Now().clocks)


def test_keys_that_others_may_read_stop_the_start(tmp_path: Path) -> None:
    AssertionKeys.load(DAILY, tmp_path, Now().clocks)
    (tmp_path / KEY_FILE).chmod(0o644)

    with pytest.raises(ConfigError, match="others may read"):
        AssertionKeys.load(DAILY, tmp_path, Now().clocks)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"keys": [{}]}', '{"keys": [{"alg": "EdDSA"}]}']
)
def test_a_damaged_file_stops_the_start(tmp_path: Path, content: str) -> None:
    (tmp_path / KEY_FILE).write_text(content, encoding="utf-8")
    (tmp_path / KEY_FILE).chmod(0o600)

    with pytest.raises(ConfigError):
        AssertionKeys.load(DAILY, tmp_path, Now().clocks)
