"""A ring of keys that the gateway makes itself, or takes from the operator."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from gateway.identity.keys.key_ring import PUBLISH_AFTER_S, PUBLISH_AHEAD_S
from gateway.identity.keys.signing_keys import SigningKeys, SigningSettings
from tests.support.hand_clock import HandClock

DAY_S = 86400.0
NOW = 1_800_000_000.0


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW)


def _ring(folder: Path, clock: HandClock, *files: Path) -> SigningKeys:
    settings = SigningSettings(
        "keys", "ES256", files, DAY_S, folder / "ring.json", folder / "key.pem"
    )
    keys = SigningKeys(settings, clock.clocks)
    keys.look()
    return keys


def _put_pem(path: Path, made_at: float = NOW) -> str:
    key = ECKey.generate_key("P-256")
    path.touch(mode=0o600)
    path.write_bytes(key.as_pem(private=True))
    os.utime(path, (made_at, made_at))
    return key.thumbprint()


def _kids(keys: SigningKeys) -> list[object]:
    members = keys.jwks()["keys"]
    assert isinstance(members, list)
    return [each["kid"] for each in members]


def test_the_one_key_of_before_is_the_first_of_the_ring(tmp_path: Path, clock: HandClock) -> None:
    kid = _put_pem(tmp_path / "key.pem")

    keys = _ring(tmp_path, clock)

    assert keys.current().kid == kid
    assert [path.name for path in tmp_path.iterdir()] == ["ring.json"]


def test_a_key_that_is_old_when_it_is_taken_over_is_replaced_soon(
    tmp_path: Path, clock: HandClock
) -> None:
    old = _put_pem(tmp_path / "key.pem", made_at=NOW - 2 * DAY_S)
    keys = _ring(tmp_path, clock)

    keys.look()
    clock.advance(PUBLISH_AHEAD_S)

    assert keys.current().kid != old
    assert old in _kids(keys)


@pytest.mark.requirement("F18")
def test_a_key_that_is_put_there_signs_after_it_was_published(
    tmp_path: Path, clock: HandClock
) -> None:
    old = _ring(tmp_path, clock).current().kid
    clock.advance(60)
    new = _put_pem(tmp_path / "key.pem")

    keys = _ring(tmp_path, clock)

    assert (keys.current().kid, _kids(keys)) == (old, [old, new])
    clock.advance(PUBLISH_AHEAD_S)
    assert keys.current().kid == new
    assert not (tmp_path / "key.pem").exists()


def test_a_key_of_the_ring_is_not_taken_twice(tmp_path: Path, clock: HandClock) -> None:
    _put_pem(tmp_path / "key.pem")
    pem = (tmp_path / "key.pem").read_bytes()
    keys = _ring(tmp_path, clock)
    before = _kids(keys)

    (tmp_path / "key.pem").touch(mode=0o600)
    (tmp_path / "key.pem").write_bytes(pem)
    keys.look()

    assert _kids(keys) == before
    assert not (tmp_path / "key.pem").exists()


def test_what_lasts_longer_keeps_its_key_published(tmp_path: Path, clock: HandClock) -> None:
    keys = _ring(tmp_path, clock)
    old = keys.current().kid

    _ring(tmp_path, clock).keep_until(old, NOW + 30 * DAY_S)

    for _ in range(29):
        clock.advance(DAY_S)
        keys.look()
    assert old in _kids(keys)
    for _ in range(2):
        clock.advance(DAY_S)
        keys.look()
    assert old not in _kids(keys)


def test_processes_that_see_it_at_once_make_one_key(tmp_path: Path, clock: HandClock) -> None:
    rings = [_ring(tmp_path, clock) for _ in range(8)]
    clock.advance(DAY_S)
    gate = threading.Barrier(8)

    def look(ring: SigningKeys) -> tuple[object, ...]:
        gate.wait(5)
        ring.look()
        return tuple(_kids(ring))

    with ThreadPoolExecutor(max_workers=8) as pool:
        seen = set(pool.map(look, rings))

    assert len(seen) == 1
    assert len(next(iter(seen))) == 2


async def test_what_cannot_be_read_changes_nothing(
    tmp_path: Path, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    keys = _ring(tmp_path, clock)
    before = _kids(keys)
    (tmp_path / "ring.json").write_text("damaged")

    await keys.look_again()

    assert _kids(keys) == before
    assert "own keys not read" in caplog.text


def test_keys_of_files_are_found_by_name(tmp_path: Path, clock: HandClock) -> None:
    files = (tmp_path / "new.pem", tmp_path / "old.pem")
    new, old = map(_put_pem, files)

    keys = _ring(tmp_path, clock, *files)
    keys.keep_until(old, NOW + PUBLISH_AFTER_S)

    assert keys.at(NOW).kid == new
    assert keys.find(old) is not None
    assert keys.find("other") is None
    assert not (tmp_path / "ring.json").exists()
