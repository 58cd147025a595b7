import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.api_keys.api_key import (
    RANDOM_BYTES,
    has_good_checksum,
    hash_key,
    is_key,
    key_id,
    make_key,
)

ZERO = "mcpgw_" + 43 * "0"
KEY = make_key(bytes(range(RANDOM_BYTES)))


@given(st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES))
def test_every_key_has_the_form_that_scanners_look_for(random: bytes) -> None:
    key = make_key(random)

    assert re.fullmatch(r"mcpgw_[0-9A-Za-z]{49}", key)
    assert is_key(key)
    assert has_good_checksum(key)


def test_the_checksum_is_crc_32_of_all_before_it_in_base_62() -> None:
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

    key = make_key(bytes(RANDOM_BYTES))

    value = 0
    for digit in key.removeprefix(ZERO):
        value = value * 62 + alphabet.index(digit)
    assert value == zlib.crc32(ZERO.encode())


def test_the_highest_number_fits() -> None:
    assert has_good_checksum(make_key(b"\xff" * RANDOM_BYTES))


@pytest.mark.parametrize("count", [0, 31, 33])
def test_a_key_is_made_of_256_bits_and_no_fewer(count: int) -> None:
    with pytest.raises(ValueError, match="expected 32 random bytes"):
        make_key(bytes(count))


@pytest.mark.parametrize("place", range(len("mcpgw_"), len(KEY)))
def test_one_wrong_character_is_noticed(place: int) -> None:
    wrong = "A" if KEY[place] != "A" else "B"

    assert not has_good_checksum(KEY[:place] + wrong + KEY[place + 1 :])


@pytest.mark.parametrize(
    "token",
    [
        "",
        "mcpgw_",
        KEY[:-1],
        KEY + "0",
        KEY + "\n",
        KEY.upper(),
        "x" + KEY[1:],
        KEY[:-1] + "\udc80",
    ],
)
def test_what_is_no_whole_key_has_no_good_checksum(token: str) -> None:
    assert not has_good_checksum(token)


def test_another_kind_of_token_is_no_key() -> None:
    assert not is_key("eyJhbGciOiJSUzI1NiJ9.e30.AAAA")
    assert not is_key("MCPGW_" + KEY[6:])


def test_the_hash_is_sha_256_in_hexadecimal() -> None:
    """FIPS 180-4, the hash of `abc`."""
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    assert hash_key("abc") == f"sha256:{digest}"
    assert key_id(f"sha256:{digest}") == "ba7816bf8f01"
