"""The embedded issuer: signs access tokens (RFC 9068) with keys of the gateway's own."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, GuestProtocol, OKPKey

from gateway.config.model import IssuerKeys
from gateway.errors import ConfigError
from gateway.identity.keys.key_ring import PUBLISH_AFTER_S
from gateway.identity.keys.signing_keys import SigningKeys, SigningSettings
from gateway.resilience.clocks import Clocks
from gateway.resilience.document import FetchedDocument

KEY_FILE = "issuer-keys.json"
# What the one key of earlier versions is in, and where an operator may put the next.
PEM_FILE = "issuer-key.pem"
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
    """An issuer with a ring of ES256 keys."""

    def __init__(self, issuer: str, keys: SigningKeys) -> None:
        self.issuer = issuer
        self._keys = keys

    @classmethod
    def load_or_create(
        cls,
        state_dir: Path,
        issuer: str,
        section: IssuerKeys = IssuerKeys.model_construct(),  # noqa: B008  # frozen
        clocks: Clocks = Clocks(),  # noqa: B008  # frozen
    ) -> Self:
        """Use the keys in `state_dir`; the first call makes both, readable by the owner only.

        Raises `ConfigError` when others may read the keys or they are none.
        """
        settings = SigningSettings(
            "issuer keys",
            ALGORITHM,
            section.files,
            section.rotate,
            state_dir / KEY_FILE,
            taken=state_dir / PEM_FILE,
        )
        keys = SigningKeys(settings, clocks)
        try:
            keys.look()
        except (OSError, ValueError) as error:
            raise ConfigError(f"issuer keys: {error}") from error
        return cls(issuer, keys)

    def jwks(self) -> dict[str, object]:
        """The public JWK set."""
        return self._keys.jwks()

    async def get_document(self) -> FetchedDocument:
        """The public JWK set, as `KeySource` wants it: its looks keep the ring as it must be."""
        await self._keys.look_again()
        return FetchedDocument(self.jwks())

    def metadata(self) -> dict[str, object]:
        """RFC 8414 §2. There is no endpoint to get a token from: the command line issues them."""
        return {
            "issuer": self.issuer,
            "jwks_uri": self.issuer.rstrip("/") + JWKS_PATH,
            "response_types_supported": ["none"],
        }

    def issue(self, grant: Grant, now: float) -> str:
        """Sign an access token: RFC 9068 §2. One that lives long has its key published as long.

        Raises `ConfigError` when that cannot be noted.
        """
        key = self._keys.at(now)
        if grant.lifetime_s > PUBLISH_AFTER_S / 2:
            self._keep(key.kid, now + grant.lifetime_s)
        header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": key.kid}
        payload = json.dumps(self._claims(grant, int(now)), separators=(",", ":"))
        return jws.serialize_compact(header, payload, key.key, [ALGORITHM])

    def read(self, token: str, now: float) -> Mapping[str, object] | None:
        """The claims of one of its own tokens; None for any other, and when it is over."""
        try:
            signed = jws.deserialize_compact(token, self._key_of, [ALGORITHM])
            claims = json.loads(signed.payload)
        except (JoseError, ValueError):
            return None
        if claims.get("iss") != self.issuer or now >= claims["exp"]:
            return None
        return dict(claims)

    def _keep(self, kid: str, until: float) -> None:
        try:
            self._keys.keep_until(kid, until)
        except (OSError, ValueError) as error:
            raise ConfigError(f"issuer keys: {error}") from error

    def _key_of(self, signed: GuestProtocol) -> ECKey | OKPKey:
        key = self._keys.find(str(signed.headers().get("kid")))
        if key is None:
            raise ValueError("none of this issuer's keys")
        return key.key

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
