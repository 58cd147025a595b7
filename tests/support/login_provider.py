"""An OpenID provider that a test holds in its hand: it checks what real ones check, and may lie."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from gateway.config.login.provider import LoginProvider
from gateway.oauth.pkce import build_code_challenge
from tests.support.authorization_server import NOW
from tests.support.issuer_service import Asked, IssuerService, Scene
from tests.support.token_signer import RSA_KID, compact, rsa_jwk, rsa_key

CLIENT_ID = "gateway"
CODE = "code-of-the-provider"


@dataclass(slots=True)
class HandProvider:
    """`claims` change what its ID tokens say, None leaves one out; `disabled` ends every grant.

    `refresh_token` is the only one that counts; each use replaces it, as at strict providers.
    """

    service: IssuerService
    claims: dict[str, object] = field(default_factory=dict)
    metadata: dict[str, object] = field(default_factory=dict)
    answer: dict[str, object] = field(default_factory=dict)
    now: float = NOW
    disabled: bool = False
    refresh_token: str = "refresh-0"  # noqa: S105  # nobody's
    request: dict[str, str] = field(default_factory=dict)
    redeemed: list[str] = field(default_factory=list)
    reused: list[str] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        return self.service.url

    def settings(self, **changes: object) -> LoginProvider:
        """What an operator would write about it."""
        known = {"issuer": self.issuer, "client_id": CLIENT_ID, "client_secret": "s"}
        return LoginProvider.model_validate(known | changes)

    def callback(self, url: str, **changes: str | None) -> str:
        """Where the browser is sent to after a login at `url`; None leaves a parameter out."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self.request = query
        sent: dict[str, str | None] = {"code": CODE, "state": query["state"], "iss": self.issuer}
        given = {name: value for name, value in (sent | changes).items() if value is not None}
        return f"{query['redirect_uri']}?{urlencode(given)}"

    def documents(self) -> None:
        """Serve everything."""
        self.service.scenes |= {
            "/.well-known/oauth-authorization-server": Scene(status=404),
            "/.well-known/openid-configuration": lambda asked: Scene(self._metadata()),
            "/jwks": Scene({"keys": [rsa_jwk(rsa_key(), RSA_KID)]}),
            "/token": self._token,
        }

    def _metadata(self) -> dict[str, object]:
        places = {
            f"{name}_endpoint": f"{self.issuer}/{path}"
            for name, path in (
                ("authorization", "auth"), ("token", "token"), ("userinfo", "userinfo"),
            )
        }  # fmt: skip
        promised = {"authorization_response_iss_parameter_supported": True}
        known: dict[str, object] = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks"}
        return known | places | promised | self.metadata

    def _token(self, asked: Asked) -> Scene:
        if self.disabled or not self._is_good(asked.form):
            return Scene({"error": "invalid_grant", "error_description": "<b>no</b>"}, 400)
        self.refresh_token = f"refresh-{len(self.redeemed)}"
        told: dict[str, object] = {
            "access_token": "opaque",
            "token_type": "Bearer",
            "refresh_token": self.refresh_token,
            "id_token": self._id_token(asked.form),
        }
        document = told | self.answer
        return Scene({name: value for name, value in document.items() if value is not None})

    def _is_good(self, form: Mapping[str, str]) -> bool:
        shown = form.get("refresh_token") or form.get("code", "")
        if shown in self.redeemed:
            self.reused.append(shown)
            return False
        self.redeemed.append(shown)
        if form["grant_type"] == "refresh_token":
            return shown == self.refresh_token
        challenge = build_code_challenge(form["code_verifier"])
        same_place = form["redirect_uri"] == self.request["redirect_uri"]
        return shown == CODE and challenge == self.request["code_challenge"] and same_place

    def _id_token(self, form: Mapping[str, str]) -> str:
        claims: dict[str, object] = {
            "iss": self.issuer,
            "sub": "person-1",
            "aud": CLIENT_ID,
            "exp": self.now + 300,
            "iat": self.now,
            "email": "ada@example.com",
            "email_verified": True,
            "name": "Ada",
            "groups": ["engineering"],
        }
        if form["grant_type"] == "authorization_code":
            claims["nonce"] = self.request.get("nonce")
        said = {name: value for name, value in (claims | self.claims).items() if value is not None}
        header = json.dumps({"alg": "RS256", "kid": RSA_KID, "typ": "JWT"}).encode()
        return compact(header, json.dumps(said).encode())


@asynccontextmanager
async def running_hand_provider() -> AsyncIterator[HandProvider]:
    """Start one."""
    async with IssuerService() as service:
        provider = HandProvider(service)
        provider.documents()
        yield provider
