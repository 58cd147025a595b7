import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc.jwk import ECKey, OctKey, OKPKey

from gateway.identity.keys.key_set import KeySet, parse_key_set
from tests.support.token_signer import ec_jwk, ec_key, rsa_jwk, rsa_key, sign_rs256

RSA = rsa_jwk(rsa_key(), "rsa")
EC = ec_jwk(ec_key(), "ec")
ALGORITHMS = ("RS256", "ES256", "Ed25519")


def _without(jwk: dict[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in jwk.items() if name not in names}


def _curve_key(crv: str) -> dict[str, object]:
    return dict(ECKey.generate_key(crv).as_dict(private=False))


def _weak_rsa() -> dict[str, object]:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  # refused
    return rsa_jwk(weak, "weak")


def test_each_kind_of_key_is_bound_to_its_algorithm() -> None:
    okp = OKPKey.generate_key("Ed25519").as_dict(private=False)

    keys = parse_key_set({"keys": [RSA, EC, okp]}, ALGORITHMS)

    assert [key.algorithm for key in keys.keys] == ["RS256", "ES256", "Ed25519"]
    assert keys.dropped == ()


def test_key_without_alg_is_bound_to_the_first_algorithm_that_fits() -> None:
    document = {"keys": [_without(RSA, "alg")]}

    assert parse_key_set(document, ("ES256", "PS256", "RS256")).keys[0].algorithm == "PS256"


@pytest.mark.requirement("105", "106")
@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
def test_an_rsa_key_is_bound_to_the_algorithm_that_it_names(algorithm: str) -> None:
    keys = parse_key_set({"keys": [RSA | {"alg": algorithm}]}, ("ES256", "RS256", algorithm))

    assert [key.algorithm for key in keys.keys] == [algorithm]


@pytest.mark.requirement("105", "106")
@pytest.mark.parametrize(
    ("crv", "algorithm"), [("P-256", "ES256"), ("P-384", "ES384"), ("P-521", "ES512")]
)
def test_each_curve_has_one_algorithm(crv: str, algorithm: str) -> None:
    every = ("ES256", "ES384", "ES512", "RS256")

    assert parse_key_set({"keys": [_curve_key(crv)]}, every).keys[0].algorithm == algorithm


def test_an_rsa_key_has_no_curve() -> None:
    assert parse_key_set({"keys": [RSA | {"crv": "P-256"}]}, ALGORITHMS).keys[0].kid == "rsa"


@pytest.mark.parametrize("algorithm", ["Ed25519", "EdDSA"])
def test_an_ed25519_key_may_be_named_in_either_way(algorithm: str) -> None:
    """RFC 9864 names the curve; RFC 8037 did not."""
    okp = OKPKey.generate_key("Ed25519").as_dict(private=False)

    assert parse_key_set({"keys": [okp]}, (algorithm,)).keys[0].algorithm == algorithm


@pytest.mark.requirement("105")
def test_signature_of_another_algorithm_by_the_same_key_does_not_verify() -> None:
    key = parse_key_set({"keys": [_without(RSA, "alg")]}, ("PS256", "RS256")).keys[0]

    assert not key.verify(b"text", sign_rs256(rsa_key(), b"text"))


def test_own_signature_verifies() -> None:
    key = parse_key_set({"keys": [RSA]}, ALGORITHMS).keys[0]

    assert key.verify(b"text", sign_rs256(rsa_key(), b"text"))
    assert not key.verify(b"other", sign_rs256(rsa_key(), b"text"))


UNUSABLE = {
    "oct": OctKey.import_key("k" * 32).as_dict(),
    "rsa-1024": _weak_rsa(),
    "rsa-e-1": RSA | {"e": "AQ"},
    "rsa-n-is-no-text": RSA | {"n": 5},
    "rsa-without-n": _without(RSA, "n"),
    "rsa-without-e": _without(RSA, "e"),
    "ec-without-x": _without(EC, "x"),
    "ec-without-y": _without(EC, "y"),
    "okp-without-x": {"kty": "OKP", "crv": "Ed25519"},
    "rsa-n-is-padded": RSA | {"n": f"{RSA['n']}="},
    **{f"private {name}": RSA | {name: "AQAB"} for name in ("d", "p", "q", "dp", "dq", "qi")},
    "more primes": RSA | {"oth": []},
    "symmetric in disguise": RSA | {"k": "AQAB"},
    "off-curve": EC | {"y": EC["x"]},
    "secp256k1": EC | {"crv": "secp256k1"},
    "x25519": OKPKey.generate_key("X25519").as_dict(private=False),
    "ed448": OKPKey.generate_key("Ed448").as_dict(private=False),
    "curve-not-allowed": _curve_key("P-384"),
    "for-encryption": RSA | {"use": "enc"},
    "for-wrapping": RSA | {"key_ops": ["wrapKey"]},
    "key-ops-is-no-list": RSA | {"key_ops": "verify"},
    "alg-not-allowed": RSA | {"alg": "RS512"},
    "alg-of-another-kind": RSA | {"alg": "ES256"},
    "symmetric-alg": RSA | {"alg": "HS256"},
    "kid-is-no-text": RSA | {"kid": 7},
    "unknown-kty": {"kty": "AKP", "kid": "x"},
    "no-object": "key",
}


@pytest.mark.requirement("104", "106", "116", "J2", "J17", "J18")
@pytest.mark.parametrize("name", UNUSABLE)
def test_unusable_key_is_left_out_and_the_others_stay(name: str) -> None:
    keys = parse_key_set({"keys": [UNUSABLE[name], EC | {"kid": "good"}]}, ALGORITHMS)

    assert [key.kid for key in keys.keys] == ["good"]
    assert len(keys.dropped) == 1


@pytest.mark.requirement("116")
def test_key_of_a_use_that_is_not_asked_for_is_left_out() -> None:
    """SPIFFE bundles: `jwt-svid` beside `x509-svid`, and no `alg`."""
    plain = _without(RSA, "alg")
    jwt, sig = plain | {"use": "jwt-svid", "kid": "jwt"}, EC | {"kid": "sig"}
    x509, none = EC | {"use": "x509-svid", "kid": "x509"}, _without(EC, "use") | {"kid": "none"}

    spiffe = parse_key_set({"keys": [jwt, x509, sig, none]}, ALGORITHMS, ("jwt-svid", "sig"))
    usual = parse_key_set({"keys": [jwt, x509, sig, none]}, ALGORITHMS)

    assert [key.kid for key in spiffe.keys] == ["jwt", "sig", "none"]
    assert [key.kid for key in usual.keys] == ["sig", "none"]
    assert usual.dropped == ("key 0: not for signatures", "key 1: not for signatures")


@pytest.mark.requirement("116", "J18")
def test_different_keys_of_one_name_are_both_left_out() -> None:
    keys = parse_key_set({"keys": [RSA, EC | {"kid": "rsa"}, EC]}, ALGORITHMS)

    assert [key.kid for key in keys.keys] == ["ec"]


ENCRYPTION = RSA | {"use": "enc", "kid": "enc"}


@pytest.mark.requirement("U12")
@pytest.mark.parametrize(
    ("others", "faulty"),
    [
        ([], False),
        ([ENCRYPTION], False),
        (["no key"], True),
        (["no key", ENCRYPTION], True),
        ([ENCRYPTION, "no key"], True),
        ([RSA, RSA | {"kid": "twin"}, EC | {"kid": "twin"}], True),
    ],
)
def test_a_key_for_something_else_is_no_fault(others: list[object], faulty: bool) -> None:
    assert parse_key_set({"keys": [*others, EC]}, ALGORITHMS).faulty is faulty


def test_a_set_of_no_keys_has_no_fault() -> None:
    assert not KeySet(()).faulty


def test_a_set_may_have_a_hundred_keys() -> None:
    keys = [RSA | {"kid": f"{number}"} for number in range(100)]

    assert len(parse_key_set({"keys": keys}, ALGORITHMS).keys) == 100


def test_keys_without_a_name_are_not_taken_for_each_other() -> None:
    keys = parse_key_set({"keys": [_without(RSA, "kid"), _without(EC, "kid")]}, ALGORITHMS)

    assert len(keys.keys) == 2
    assert keys.dropped == ()


def test_a_key_is_known_by_its_thumbprint() -> None:
    keys = parse_key_set({"keys": [RSA]}, ALGORITHMS)
    other = parse_key_set({"keys": [EC]}, ALGORITHMS)

    assert keys.has(keys.keys[0].thumbprint)
    assert not keys.has(other.keys[0].thumbprint)


def test_same_key_listed_twice_counts_once() -> None:
    keys = parse_key_set({"keys": [EC, EC]}, ALGORITHMS)

    assert keys.find("ec", "ES256") is not None


@pytest.mark.requirement("J18")
@pytest.mark.parametrize(
    "document",
    [{}, {"keys": {}}, {"keys": []}, {"keys": [EC] * 101}, {"keys": [UNUSABLE["oct"]]}],
)
def test_set_without_a_usable_key_is_refused_as_a_whole(document: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="key"):
        parse_key_set(document, ALGORITHMS)


@pytest.mark.requirement("J6")
def test_missing_kid_finds_the_only_key_for_the_algorithm() -> None:
    keys = parse_key_set({"keys": [RSA, EC]}, ALGORITHMS)

    found = keys.find(None, "ES256")

    assert found is not None
    assert found.kid == "ec"


@pytest.mark.requirement("J6")
def test_missing_kid_finds_nothing_among_several_keys() -> None:
    other = ec_jwk(ec.generate_private_key(ec.SECP256R1()), "other")
    keys = parse_key_set({"keys": [EC, other]}, ALGORITHMS)

    assert keys.find(None, "ES256") is None


@pytest.mark.requirement("112")
@pytest.mark.parametrize("kid", ["../../dev/null", "' OR 1=1 --", "ec\0", "EC", ""])
def test_kid_is_only_ever_compared(kid: str) -> None:
    keys = parse_key_set({"keys": [EC]}, ALGORITHMS)

    assert keys.find(kid, "ES256") is None


def test_key_material_is_not_shown() -> None:
    key = parse_key_set({"keys": [RSA]}, ALGORITHMS).keys[0]

    assert str(RSA["n"]) not in repr(key)


@pytest.mark.requirement("B14")
def test_null_in_a_key_is_as_good_as_nothing() -> None:
    nulls = dict.fromkeys(("use", "key_ops", "alg", "x5c", "d", "k"))

    keys = parse_key_set({"keys": [EC | nulls]}, ALGORITHMS)

    assert [key.kid for key in keys.keys] == ["ec"]
