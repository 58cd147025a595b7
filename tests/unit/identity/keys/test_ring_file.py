"""Private keys in files."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from gateway.identity.keys.ring_file import (
    make_key,
    read_pem_key,
    read_ring,
    version_of,
    write_ring,
)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
def test_a_ring_is_read_as_it_was_written(algorithm: str, tmp_path: Path) -> None:
    keys = [replace(make_key(algorithm, 1.0), needed_until=9.0), make_key(algorithm, 2.0)]

    write_ring(tmp_path / "ring.json", keys)

    assert read_ring(tmp_path / "ring.json", algorithm) == keys
    assert [path.name for path in tmp_path.iterdir()] == ["ring.json"]


@pytest.mark.requirement("143")
def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    write_ring(tmp_path / "ring.json", [make_key("ES256", 1.0)])

    assert stat.S_IMODE((tmp_path / "ring.json").stat().st_mode) == 0o600


def test_keys_of_another_algorithm_are_not_of_the_ring(tmp_path: Path) -> None:
    write_ring(tmp_path / "ring.json", [make_key("ES256", 1.0)])

    assert read_ring(tmp_path / "ring.json", "EdDSA") == []


@pytest.mark.parametrize("content", ["", "[]", '{"keys": [{"alg": "ES256"}]}'])
def test_a_damaged_ring_says_what_to_do(content: str, tmp_path: Path) -> None:
    (tmp_path / "ring.json").write_text(content)
    (tmp_path / "ring.json").chmod(0o600)

    with pytest.raises(ValueError, match="Delete the file"):
        read_ring(tmp_path / "ring.json", "ES256")


def test_a_key_in_pem_form_is_named_by_its_thumbprint(tmp_path: Path) -> None:
    key = ECKey.generate_key("P-256")
    (tmp_path / "key.pem").write_bytes(key.as_pem(private=True))

    assert read_pem_key(tmp_path / "key.pem", "ES256").kid == key.thumbprint()


def test_a_replaced_file_has_another_version(tmp_path: Path) -> None:
    write_ring(tmp_path / "ring.json", [make_key("ES256", 1.0)])
    before = version_of(tmp_path / "ring.json")

    write_ring(tmp_path / "ring.json", [make_key("ES256", 1.0)])

    assert version_of(tmp_path / "ring.json") != before
