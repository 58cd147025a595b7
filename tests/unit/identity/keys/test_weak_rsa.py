import math

import pytest

from gateway.identity.keys.weak_rsa import find_rsa_weakness, is_roca_modulus
from tests.support.token_signer import rsa_key

GOOD = rsa_key().public_key().public_numbers().n


def _roca_modulus() -> int:
    primes = [n for n in range(2, 168) if all(n % d for d in range(2, n))]
    primorial = math.prod(primes)
    factor = 2**2047 // primorial + 1
    return factor * primorial + pow(65537, 1234, primorial)


def test_ordinary_key_has_no_known_weakness() -> None:
    assert find_rsa_weakness(GOOD, 65537) is None


@pytest.mark.requirement("J17")
def test_modulus_of_the_broken_generator_is_recognized() -> None:
    """CVE-2017-15361: a modulus that is a power of 65537 modulo every small prime."""
    modulus = _roca_modulus()

    assert modulus.bit_length() == 2048
    assert is_roca_modulus(modulus)
    assert not is_roca_modulus(modulus + 2)


@pytest.mark.requirement("104", "J17")
@pytest.mark.parametrize(
    ("modulus", "exponent", "weakness"),
    [
        (GOOD >> 1536, 65537, "512 bits"),
        (GOOD >> 1, 65537, "2047 bits"),
        (GOOD << 6145, 65537, "8193 bits"),
        (GOOD, 1, "exponent"),
        (GOOD, 65538, "exponent"),
        (GOOD, 2**32 + 1, "exponent"),
        (_roca_modulus(), 65537, "ROCA"),
    ],
    # A modulus is another one in each process, and tests must have the same names in all.
    ids=["512 bits", "2047 bits", "8193 bits", "1", "even", "large", "ROCA"],
)
def test_weak_key_is_named(modulus: int, exponent: int, weakness: str) -> None:
    assert weakness in str(find_rsa_weakness(modulus, exponent))
