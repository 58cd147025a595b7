"""How the gateway says who it is: RFC 6749 §2.3.1, RFC 7523 §2.2."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from gateway.config.issuer import ClientAuthentication
from gateway.errors import ConfigError
from gateway.identity.provider.client_auth import ClientAuth

ISSUER = "https://idp.example"


def _auth(**settings: object) -> ClientAuth:
    return ClientAuth(ClientAuthentication.model_validate({"client_id": "gw", **settings}), ISSUER)


def test_basic_encodes_id_and_secret_before_it_joins_them() -> None:
    auth = _auth(client_id="a:b", client_secret="s c%é")  # noqa: S106 - of a test

    headers, form = auth.apply({"token": "t"}, 0)

    assert form == {"token": "t"}
    encoded = headers["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(encoded) == b"a%3Ab:s+c%25%C3%A9"


def test_post_puts_both_into_the_form() -> None:
    auth = _auth(client_auth="client_secret_post", client_secret="s")  # noqa: S106 - of a test

    assert auth.apply({"a": "b"}, 0) == ({}, {"a": "b", "client_id": "gw", "client_secret": "s"})


def test_a_signed_assertion_is_short_lived_and_for_this_issuer_alone(tmp_path: Path) -> None:
    """RFC 7523 §3."""
    key = ECKey.generate_key("P-256")
    (tmp_path / "key.pem").write_bytes(key.as_pem(private=True))
    auth = _auth(
        client_auth="private_key_jwt", client_key_file=tmp_path / "key.pem", client_key_id="k1"
    )

    headers, form = auth.apply({}, 1000.5)
    again = auth.apply({}, 1000.5)[1]

    token = jwt.decode(form["client_assertion"], key, ["ES256"])
    assert headers == {}
    assert token.header["kid"] == "k1"
    claims = {name: token.claims[name] for name in ("iss", "sub", "aud", "iat", "exp")}
    assert claims == {"iss": "gw", "sub": "gw", "aud": ISSUER, "iat": 1000, "exp": 1060}
    assert form["client_assertion"] != again["client_assertion"]


def test_an_assertion_names_no_key_unless_one_is_configured(tmp_path: Path) -> None:
    key = ECKey.generate_key("P-256")
    (tmp_path / "key.pem").write_bytes(key.as_pem(private=True))
    auth = _auth(client_auth="private_key_jwt", client_key_file=tmp_path / "key.pem")

    token = jwt.decode(auth.apply({}, 1000)[1]["client_assertion"], key, ["ES256"])

    assert token.header == {"alg": "ES256", "typ": "JWT"}


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "private_key_jwt"])
def test_a_method_without_its_secret_is_refused_at_start(method: str) -> None:
    with pytest.raises(ConfigError, match="needs client_"):
        _auth(client_auth=method)


def test_a_key_that_does_not_fit_is_refused_at_start(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    key = {"client_auth": "private_key_jwt", "client_key_file": path}
    with pytest.raises(ConfigError, match="No such file"):
        _auth(**key)
    path.write_bytes(b"nothing")
    with pytest.raises(ConfigError, match="not a private key"):
        _auth(**key)
    path.write_bytes(ECKey.generate_key("P-256").as_pem(private=False))
    with pytest.raises(ConfigError, match="no private key"):
        _auth(**key)
    path.write_bytes(RSAKey.generate_key(2048).as_pem(private=True))
    with pytest.raises(ConfigError, match="not a private key"):
        _auth(**key)


def test_a_key_with_a_password_is_refused_at_start(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    sealed = BestAvailableEncryption(b"password")
    key = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed))

    with pytest.raises(ConfigError, match="without a password"):
        _auth(client_auth="private_key_jwt", client_key_file=path)
