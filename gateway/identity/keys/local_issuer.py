"""The embedded issuer: signs access tokens (RFC 9068) with a key of this machine's own."""

import json
import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from gateway.config.reading.private_file import NotPrivate, read_private
from gateway.errors import ConfigError
from gateway.resilience.document import FetchedDocument

KEY_FILE = "issuer-key.pem"
JWKS_PATH = "/.well-known/jwks.json"
ALGORITHM = "ES256"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is to say; `lifetime_s` in seconds, None and empty values are left out.

    `session_id` is the login that it comes of, `key_thumbprint` that of the DPoP key that it is
    bound to. `token_id` is made where none is given. `extra` adds claims and replaces none.
    """

    subject: str
    audience: str
    client_id: str = "mcpgw-cli"
    scopes: frozenset[str] = frozenset()
    email: str | None = None
    name: str | None = None
    groups: Sequence[str] = ()
    roles: Sequence[str] = ()
    lifetime_s: float = 3600.0
    session_id: str | None = None
    auth_time: float | None = None
    key_thumbprint: str | None = None
    token_id: str | None = None
    extra: Mapping[str, object] = field(default_factory=dict)


class LocalIssuer:
    """An issuer with one ES256 key."""

    def __init__(self, issuer: str, key: ECKey) -> None:
        self.issuer = issuer
        self._key = key
        self._kid = key.thumbprint()

    @classmethod
    def load_or_create(cls, state_dir: Path, issuer: str) -> Self:
        """Use the key in `state_dir`; the first call makes both, readable by the owner only.

        Raises `ConfigError` when others may read the key or it is none.
        """
        path = state_dir / KEY_FILE
        try:
            state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists():
                _create_key(path)
            return cls(issuer, _read_key(path))
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from error

    def jwks(self) -> dict[str, object]:
        """The public JWK set."""
        public = self._key.as_dict(private=False, use="sig", alg=ALGORITHM, kid=self._kid)
        return {"keys": [public]}

    async def get_document(self) -> FetchedDocument:
        """The public JWK set, as `KeySource` wants it."""
        return FetchedDocument(self.jwks())

    def metadata(self) -> dict[str, object]:
        """RFC 8414 §2. There is no endpoint to get a token from: the command line issues them."""
        return {
            "issuer": self.issuer,
            "jwks_uri": self.issuer.rstrip("/") + JWKS_PATH,
            "response_types_supported": ["none"],
        }

    def issue(self, grant: Grant, now: float) -> str:
        """Sign an access token: RFC 9068 §2."""
        header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": self._kid}
        payload = json.dumps(self._claims(grant, int(now)), separators=(",", ":"))
        return jws.serialize_compact(header, payload, self._key, [ALGORITHM])

    def read(self, token: str, now: float) -> Mapping[str, object] | None:
        """The claims of one of its own tokens; None for any other, and when it is over."""
        try:
            signed = jws.deserialize_compact(token, self._key, [ALGORITHM])
            claims = json.loads(signed.payload)
        except (JoseError, ValueError):
            return None
        if claims.get("iss") != self.issuer or now >= claims["exp"]:
            return None
        return dict(claims)

    def _claims(self, grant: Grant, now: int) -> dict[str, object]:
        claims: dict[str, object] = {
            "iss": self.issuer,
            "sub": grant.subject,
            "aud": grant.audience,
            "client_id": grant.client_id,
            "iat": now,
            "exp": now + int(grant.lifetime_s),
            "jti": grant.token_id or secrets.token_urlsafe(16),
        }
        optional = {
            "scope": " ".join(sorted(grant.scopes)),
            "email": grant.email,
            "email_verified": grant.email is not None,
            "name": grant.name,
            "groups": list(grant.groups),
            "roles": list(grant.roles),
            "sid": grant.session_id,
            "auth_time": None if grant.auth_time is None else int(grant.auth_time),
            "cnf": {"jkt": grant.key_thumbprint} if grant.key_thumbprint else None,
        }
        extra = {name: told for name, told in grant.extra.items() if name not in optional}
        return {**extra, **claims} | {name: value for name, value in optional.items() if value}


def _create_key(path: Path) -> None:
    # mkstemp makes it 0600; the link appears with its whole content or not at all, and of two
    # processes that start together one wins and both read the same key.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".issuer-key-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(ECKey.generate_key("P-256").as_pem(private=True))
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(temporary)


def _read_key(path: Path) -> ECKey:
    try:
        pem = read_private(path)
    except NotPrivate as error:
        raise ConfigError(
            f"{error}\nIf somebody may have copied it, delete it instead: a new one is made."
        ) from error
    try:
        key = ECKey.import_key(pem)
    except (ValueError, JoseError) as error:
        raise ConfigError(f"{path}: not a private EC key in PEM form") from error
    if not key.is_private or key.curve_name != "P-256":
        raise ConfigError(f"{path}: not a private P-256 key")
    return key
