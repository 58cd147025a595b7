"""The keys of one issuer, each checked when it is loaded and bound to one algorithm.

RFC 7517; RFC 8725bis: a key is used with exactly one algorithm. Pure.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from gateway.identity.keys.weak_rsa import find_rsa_weakness
from gateway.identity.token.leniency import without_nulls
from gateway.oauth.base64url import decode_base64url

MAX_KEYS = 100

_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
# What a key may sign, by `kty` and `crv`. Symmetric keys and other curves are not here.
_FITTING: Mapping[tuple[str, str | None], tuple[str, ...]] = {
    ("RSA", None): _RSA,
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("Ed25519", "EdDSA"),
}
_KEY_CLASSES: Mapping[str, type[RSAKey | ECKey | OKPKey]] = {
    "RSA": RSAKey,
    "EC": ECKey,
    "OKP": OKPKey,
}
_PUBLIC_MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key and the one algorithm it verifies; `thumbprint` as in RFC 7638."""

    kid: str | None
    algorithm: str
    thumbprint: str
    key: Key = field(compare=False, repr=False)

    def verify(self, signing_input: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's over `signing_input`."""
        model = JWSRegistry.algorithms[self.algorithm]
        return model.verify(signing_input, signature, self.key)


@dataclass(frozen=True, slots=True)
class KeySet:
    """The usable keys of an issuer; `dropped` says what was wrong with each other one.

    `faulty` is False while the others are merely for something else, as most providers have some.
    """

    keys: tuple[VerificationKey, ...]
    dropped: tuple[str, ...] = ()
    faulty: bool = False

    def has(self, thumbprint: str) -> bool:
        """Whether this key is one of them, whatever its name."""
        return any(key.thumbprint == thumbprint for key in self.keys)

    def find(self, kid: str | None, algorithm: str) -> VerificationKey | None:
        """The key named `kid`; without `kid` the only key for `algorithm`, else None."""
        if kid is not None:
            return next((key for key in self.keys if key.kid == kid), None)
        fitting = [key for key in self.keys if key.algorithm == algorithm]
        return fitting[0] if len(fitting) == 1 else None


class _UnusableKey(Exception):
    """This one key is left out; its text says why."""


class _OtherPurpose(_UnusableKey):
    """The key may be good, for something else than the tokens of this issuer."""


def parse_key_set(
    document: Mapping[str, object], algorithms: Sequence[str], uses: Sequence[str] = ("sig",)
) -> KeySet:
    """Read a JWK set for an issuer that may use `algorithms`.

    A key of another use is left out, and `jwt-svid` is one in SPIFFE bundles. A key without
    `alg` gets the first of `algorithms` that it can sign.
    Raises ValueError when no key is usable: the caller then keeps the keys it has.
    """
    members = document.get("keys")
    if not isinstance(members, list) or len(members) > MAX_KEYS:
        raise ValueError(f"expected a JWK set of at most {MAX_KEYS} keys")
    keys: list[VerificationKey] = []
    dropped: list[str] = []
    faulty = False
    for position, member in enumerate(members):
        try:
            keys.append(_parse_key(member, algorithms, uses))
        except _UnusableKey as error:
            dropped.append(f"key {position}: {error}")
            faulty = faulty or not isinstance(error, _OtherPurpose)
    unique, ambiguous = _without_ambiguous(keys)
    if not unique:
        raise ValueError("no usable key: " + "; ".join([*dropped, *ambiguous]))
    return KeySet(unique, (*dropped, *ambiguous), faulty or bool(ambiguous))


def _without_ambiguous(
    keys: Sequence[VerificationKey],
) -> tuple[tuple[VerificationKey, ...], list[str]]:
    distinct = dict.fromkeys(keys)
    by_kid: dict[str, list[VerificationKey]] = defaultdict(list)
    for key in distinct:
        if key.kid is not None:
            by_kid[key.kid].append(key)
    # Two keys of one name: nobody can say which the issuer means, so neither counts.
    twins = {kid for kid, same in by_kid.items() if len(same) > 1}
    kept = tuple(key for key in distinct if key.kid not in twins)
    return kept, [f"{len(by_kid[kid])} different keys share one kid" for kid in twins]


def _parse_key(member: object, algorithms: Sequence[str], uses: Sequence[str]) -> VerificationKey:
    if not isinstance(member, dict):
        raise _UnusableKey("not a JSON object")
    member = without_nulls(member)
    kid = member.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise _UnusableKey("kid is not a string")
    if not _PRIVATE_MEMBERS.isdisjoint(member):
        raise _UnusableKey("symmetric, or its private part is published")
    _check_use(member, uses)
    algorithm = _choose_algorithm(member, algorithms)
    key = _import_key(member)
    return VerificationKey(kid, algorithm, key.thumbprint(), key)


def _check_use(member: Mapping[str, object], uses: Sequence[str]) -> None:
    if member.get("use", uses[0]) not in uses:
        raise _OtherPurpose("not for signatures")
    operations = member.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise _OtherPurpose("not for verifying")


def _choose_algorithm(member: Mapping[str, object], algorithms: Sequence[str]) -> str:
    kty, crv, named = (_text(member, name) for name in ("kty", "crv", "alg"))
    fitting = _FITTING.get((kty or "", None if kty == "RSA" else crv), ())
    usable = [algorithm for algorithm in algorithms if algorithm in fitting]
    if named is not None:
        usable = [named] if named in usable else []
    if not usable:
        raise _OtherPurpose("kind or algorithm is not accepted from this issuer")
    return usable[0]


def _import_key(member: Mapping[str, object]) -> Key:
    kty = str(member["kty"])
    # Only what makes the key: `x5c`, `x5u` and the like are never looked at (RFC 8725 §3.10).
    public = {name: _text(member, name) or "" for name in _PUBLIC_MEMBERS[kty]}
    if kty == "RSA":
        _check_rsa(public)
    try:
        return _KEY_CLASSES[kty].import_key({"kty": kty, **public})
    except (ValueError, JoseError, UnsupportedAlgorithm) as error:  # an off-curve point, say
        raise _UnusableKey("not a valid public key") from error


def _check_rsa(public: Mapping[str, str]) -> None:
    try:
        modulus, exponent = (
            int.from_bytes(decode_base64url(public[name].encode("ascii"))) for name in ("n", "e")
        )
    except ValueError as error:
        raise _UnusableKey("not a valid public key") from error
    weakness = find_rsa_weakness(modulus, exponent)
    if weakness is not None:
        raise _UnusableKey(weakness)


def _text(member: Mapping[str, object], name: str) -> str | None:
    value = member.get(name)
    return value if isinstance(value, str) else None
