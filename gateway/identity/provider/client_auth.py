"""How the gateway says who it is to an authorization server: RFC 6749 §2.3.1, RFC 7523 §2.2."""

import base64
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote_plus

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from gateway.config.issuer import ClientAuthentication
from gateway.errors import ConfigError

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFETIME_S = 60

_KEY_CLASSES: Mapping[str, type[RSAKey | ECKey | OKPKey]] = {
    "RS": RSAKey,
    "PS": RSAKey,
    "ES": ECKey,
    "Ed": OKPKey,
}


class ClientAuth:
    """Adds the gateway's client authentication to a form; `audience` is the server's issuer.

    Raises `ConfigError` when the configured method lacks its secret or key.
    """

    def __init__(self, settings: ClientAuthentication, audience: str) -> None:
        self._settings = settings
        self._audience = audience
        self._secret = ""
        self._key: Key | None = None
        if settings.client_auth == "private_key_jwt":
            self._key = _read_key(settings)
        elif settings.client_secret is None:
            raise ConfigError(
                f"{settings.client_auth} of client {settings.client_id} needs client_secret_file"
            )
        else:
            self._secret = settings.client_secret.get_secret_value()

    def apply(self, form: Mapping[str, str], now: float) -> tuple[dict[str, str], dict[str, str]]:
        """Return the headers and the form to send; `now` in Unix seconds."""
        client_id = self._settings.client_id
        if self._key is not None:
            assertion = self._sign(self._key, int(now))
            proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
            return {}, {**form, "client_id": client_id, **proof}
        if self._settings.client_auth == "client_secret_post":
            return {}, {**form, "client_id": client_id, "client_secret": self._secret}
        # RFC 6749 §2.3.1: each is form-encoded first, so that a colon in the id is no separator.
        pair = f"{quote_plus(client_id)}:{quote_plus(self._secret)}"
        encoded = base64.b64encode(pair.encode("ascii")).decode("ascii")
        return {"Authorization": f"Basic {encoded}"}, dict(form)

    def _sign(self, key: Key, now: int) -> str:
        settings = self._settings
        algorithm = settings.client_key_algorithm
        header: dict[str, str] = {"alg": algorithm, "typ": "JWT"}
        if settings.client_key_id is not None:
            header["kid"] = settings.client_key_id
        claims = {
            "iss": settings.client_id,
            "sub": settings.client_id,
            "aud": self._audience,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + ASSERTION_LIFETIME_S,
        }
        payload = json.dumps(claims, separators=(",", ":"))
        return jws.serialize_compact(header, payload, key, [algorithm])


def _read_key(settings: ClientAuthentication) -> Key:
    path = settings.client_key_file
    if path is None:
        raise ConfigError(
            f"private_key_jwt of client {settings.client_id} needs client_key_file,"
            " a private key in PEM form"
        )
    key = _import(path, settings.client_key_algorithm)
    try:
        jws.serialize_compact(
            {"alg": settings.client_key_algorithm}, b"", key, [settings.client_key_algorithm]
        )
    except (ValueError, TypeError, JoseError) as error:
        raise ConfigError(f"{path}: no private key for {settings.client_key_algorithm}") from error
    return key


def _import(path: Path, algorithm: str) -> Key:
    try:
        return _KEY_CLASSES[algorithm[:2]].import_key(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (ValueError, TypeError, JoseError) as error:  # TypeError: it needs a password
        raise ConfigError(
            f"{path}: not a private key for {algorithm}, in PEM form and without a password"
        ) from error
