"""RSA keys that must not be trusted although they are well-formed. Pure."""

import functools
from collections.abc import Sequence

MIN_BITS = 2048  # RFC 7518 §3.3
MAX_BITS = 8192  # a larger key makes each verification a denial of service
MIN_EXPONENT = 3
MAX_EXPONENT = 2**32  # same reason

# ROCA (CVE-2017-15361): Infineon's library drew primes of the form k*M + (65537**a mod M),
# so the modulus is a power of 65537 modulo every small prime. Chance of a false alarm: 2**-27.
_GENERATOR = 65537
_LAST_ROCA_PRIME = 167


def find_rsa_weakness(modulus: int, exponent: int) -> str | None:
    """What is wrong with this public key, None when nothing is known."""
    if not MIN_BITS <= modulus.bit_length() <= MAX_BITS:
        return f"RSA modulus of {modulus.bit_length()} bits"
    if exponent % 2 == 0 or not MIN_EXPONENT <= exponent <= MAX_EXPONENT:
        return "RSA public exponent out of range"
    if is_roca_modulus(modulus):
        return "RSA modulus made by a broken generator (ROCA)"
    return None


def is_roca_modulus(modulus: int) -> bool:
    """Whether the modulus bears the fingerprint of CVE-2017-15361."""
    return all(modulus % prime in residues for prime, residues in _roca_residues())


@functools.cache
def _roca_residues() -> Sequence[tuple[int, frozenset[int]]]:
    primes = (n for n in range(3, _LAST_ROCA_PRIME + 1) if all(n % d for d in range(2, n)))
    return tuple(
        (prime, frozenset(pow(_GENERATOR, power, prime) for power in range(prime - 1)))
        for prime in primes
    )
